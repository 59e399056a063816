// Pins what is shown to one of the reader's boards, or to a new one.

import { ask, Refused, setResult } from "./asking.js";
import { filled, h, say } from "./page.js";

// A button. `panelOf()` → what is pinned as dashboard/control_room/board_panels.py has it, or null: there is nothing yet.
export function offerPinning(panelOf, title = "") {
  const label = title ? filled("pin_of", { title }) : say("pin");
  return h("button", { type: "button", className: "pinning", "aria-label": label, "aria-haspopup": "dialog", onclick: () => open(panelOf) }, say("pin"));
}

async function open(panelOf) {
  const board = h("select", {});
  const title = h("input", { maxLength: 120, autocomplete: "off", required: true });
  const naming = h("label", {}, say("boards_title"), title);
  const result = h("p", { className: "result", role: "status" });
  const submit = h("button", { type: "submit", className: "primary" }, say("pin_do"));
  const cancel = h("button", { type: "button", onclick: () => dialog.close() }, say("pin_cancel"));
  const form = h("form", { method: "dialog" }, h("h2", { id: "pin-title" }, say("pin")), h("label", {}, say("pin_board"), board), naming, result,
    h("div", { className: "buttons" }, submit, cancel));
  const dialog = h("dialog", { className: "ask", "aria-labelledby": "pin-title" }, form);
  const named = () => {
    naming.hidden = board.value !== "";
    title.required = board.value === "";
  };
  board.addEventListener("change", named);
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const panel = panelOf();
    if (!panel) return setResult(result, say("pin_nothing"), "bad");
    submit.disabled = true;
    try {
      const done = board.value ? await ask(`/boards/${board.value}/pin`, { panel }) : await ask("/boards", { title: title.value, panels: [panel] });
      setResult(result, say("pin_done"), "good");
      result.append(" ", h("a", { href: `/ops/boards/${done.id}` }, say("pin_open")));
      submit.remove();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setResult(result, error.message, "bad");
      submit.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  try {
    const { boards } = await ask("/boards");
    board.replaceChildren(...boards.filter((one) => one.mine && !one.full).map((one) => h("option", { value: one.id }, one.title)), h("option", { value: "" }, say("pin_new")));
    named();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    setResult(result, error.message, "bad");
  }
}
