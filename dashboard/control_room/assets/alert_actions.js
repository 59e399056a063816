// What an operator does about an alert in the queue: one click each; a dialog asks where a reason or a text is needed.

import { ask, element, tell, working } from "./asking.js";
import { filled, h, say } from "./page.js";

const RESULT = "alerts-result";
const LENGTHS = [[30, "minutes_30"], [120, "hours_2"], [480, "hours_8"]];

// Which of them can be done to an alert as it stands.
export function possible(alert) {
  const open = alert.state !== "resolved";
  return { acknowledge: open && !alert.acknowledged, silence: open, note: open, escalate: alert.state === "firing" && !alert.acknowledged };
}

export class AlertActions {
  // `onDone` is called after something was changed.
  constructor({ onDone }) {
    this.onDone = onDone;
  }

  acknowledge(alert) {
    return this.#do(RESULT, alert, "acknowledge", { note: null }, "done_acknowledge");
  }

  escalate(alert) {
    return this.#do(RESULT, alert, "escalate", {}, "done_escalate");
  }

  note(alert) {
    const text = h("textarea", { rows: 3, maxLength: 2000, required: true });
    askFor(alert, say("note_title"), say("do_note"), [h("label", {}, say("note_text"), text)], (resultId) =>
      this.#do(resultId, alert, "note", { note: text.value }, "done_note"));
  }

  silence(alert) {
    const reason = h("input", { maxLength: 500, autocomplete: "off", required: true });
    const minutes = h("select", {}, ...LENGTHS.map(([value, key]) => h("option", { value, selected: value === 120 }, say(key))));
    const fields = [h("p", { className: "muted" }, say("silence_hint")), h("label", {}, say("silence_reason"), reason), h("label", {}, say("how_long"), minutes)];
    askFor(alert, say("silence_it"), say("do_silence"), fields, (resultId) =>
      this.#work(resultId, alert, async () => {
        const body = { kind: "silence", matchers: alert.silence_matchers, reason: reason.value.trim(), minutes: Number(minutes.value) };
        const made = await ask("/silences", body);
        return filled("done_silence", { id: made.id, at: made.ends_words });
      }));
  }

  #do(resultId, alert, path, body, done) {
    return this.#work(resultId, alert, async () => {
      await ask(`/alerts/${alert.id}/${path}`, body);
      return say(done);
    });
  }

  async #work(resultId, alert, work) {
    const done = await working(resultId, async () => `${await work()} ${alert.title}, ${alert.place}`);
    if (done) {
      if (resultId !== RESULT) tell(RESULT, element(resultId).textContent, "good");
      this.onDone();
    }
    return done;
  }
}

// Stays open with what was typed until it is done or given up.
function askFor(alert, title, submit, fields, work) {
  const heading = h("h2", { id: "ask-title" }, title);
  const form = h("form", {}, heading, h("p", {}, `${alert.title} · ${alert.place}`), ...fields, h("p", { id: "ask-result", className: "result", role: "status" }),
    h("div", { className: "buttons" }, h("button", { type: "submit", className: "primary" }, submit), h("button", { type: "button", onclick: () => dialog.close() }, say("cancel"))));
  const dialog = h("dialog", { className: "ask", "aria-labelledby": "ask-title" }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await work("ask-result")) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  form.querySelector("input, textarea").focus();
}
