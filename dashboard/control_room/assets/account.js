// One's own account: where one is logged in, and one's password.

import { ask, element, keepLooking, showRows, working } from "./asking.js";
import { filled, h, learnWords, say, setText } from "./page.js";

const AGAIN_MS = 15_000;
learnWords(element("words"));
let over = false; // the password was changed: this session has ended

function row(one) {
  const body = h("div", { className: "lines" }, h("b", {}, one.words, one.this ? ` (${say("account_this")})` : ""), h("small", {}, one.seen));
  if (one.this) return h("li", {}, body);
  return h("li", { className: "with-button" }, body, h("div", { className: "buttons" },
    h("button", { type: "button", "aria-label": filled("account_end_at", one), onclick: () => end(one) }, say("account_end"))));
}

async function end(one) {
  await working("sessions-result", async () => {
    await ask(`/account/sessions/${one.id}/end`, {});
    return say("account_ended");
  });
  await look();
}

async function change(event) {
  event.preventDefault();
  const body = { password_now: element("password-now").value, password: element("password").value };
  const work = async () => {
    await ask("/account/password", body);
    return say("account_password_changed");
  };
  if (!(await working("password-result", work))) return;
  over = true;
  element("change").hidden = true;
  element("password-result").append(" ", h("a", { href: "/ops/login" }, say("login_enter")));
}

const look = keepLooking(
  async () => {
    if (over) return;
    const found = await ask("/account");
    element("elsewhere").hidden = !found.elsewhere;
    setText(element("elsewhere"), found.elsewhere);
    element("change").hidden = Boolean(found.elsewhere);
    showRows(element("sessions"), found.sessions, row);
  },
  { everyMs: AGAIN_MS, faultId: "fault" },
);

element("change").addEventListener("submit", change);
element("show").addEventListener("change", (event) => {
  for (const id of ["password-now", "password"]) element(id).type = event.target.checked ? "text" : "password";
});
await look();
document.documentElement.dataset.ready = "1";
