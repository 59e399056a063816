// Accounts: who may come in, as what, and where they are logged in. For administrators.

import { ask, element, keepLooking, showRows, working } from "./asking.js";
import { filled, growOld, h, learnWords, say, setClock, setText } from "./page.js";

const AGAIN_MS = 10_000;
const ROLES = ["viewer", "operator", "admin"];
learnWords(element("words"));
const path = (name, what) => `/people/${encodeURIComponent(name)}/${what}`;

function row(one) {
  const lines = one.lines.map((line) => h("small", {}, line));
  const title = h("b", {}, one.name, one.you ? ` (${say("people_you")})` : "");
  const role = one.local ? roleOf(one) : h("span", {}, say(`role_${one.role}`));
  const buttons = [
    one.local && button("people_password", one, () => askPassword(one.name)),
    one.sessions > 0 && button("people_end", one, () => change(one.name, "end-sessions", {}, (done) => filled("people_ended", { name: one.name, count: done.done }))),
    one.open ? button("people_close", one, () => change(one.name, "open", { open: false })) : button("people_open", one, () => change(one.name, "open", { open: true })),
  ].filter(Boolean);
  return h("li", { className: one.open ? "person" : "person closed" }, h("div", { className: "lines" }, title, ...lines), h("div", { className: "buttons" }, role, ...buttons));
}

function roleOf(one) {
  const select = h("select", { "aria-label": filled("people_role_of", one) }, ...ROLES.map((role) => h("option", { value: role, selected: role === one.role }, say(`role_${role}`))));
  select.addEventListener("change", () => change(one.name, "role", { role: select.value }));
  return select;
}

const button = (key, one, onclick) => h("button", { type: "button", "aria-label": filled(`${key}_of`, one), onclick }, say(key));

async function change(name, what, body, words = () => filled("people_changed", { name })) {
  await working("people-result", async () => words(await ask(path(name, what), body)));
  element("people").dataset.seen = ""; // a choice that was refused goes back to what is
  await look();
}

async function add(event) {
  event.preventDefault();
  const body = { name: element("name").value.trim(), role: element("role").value, password: element("password").value };
  const work = async () => filled("people_added", await ask("/people", body));
  if (await working("new-result", work)) element("new").reset();
  shown("password", false);
  await look();
}

let whose = "";

function askPassword(name) {
  whose = name;
  setText(element("set-title"), filled("people_password_of", { name }));
  setText(element("set-result"), "");
  element("set-form").reset();
  shown("set-password", false);
  element("set").showModal();
}

async function setPassword(event) {
  event.preventDefault();
  const body = { password: element("set-password").value };
  const work = async () => filled("people_changed", await ask(path(whose, "password"), body));
  if (await working("set-result", work)) {
    element("set").close();
    setText(element("people-result"), filled("people_changed", { name: whose }));
  }
  await look();
}

const shown = (id, open) => (element(id).type = open ? "text" : "password");

const look = keepLooking(
  async () => {
    const found = await ask("/people");
    setClock(found.generated_at);
    element("provider").hidden = !found.provider;
    setText(element("provider"), found.provider);
    setText(element("people-count"), found.people.length);
    showRows(element("people"), found.people, row, "people_none");
  },
  { everyMs: AGAIN_MS, faultId: "fault" },
);

setInterval(growOld, 1_000);
element("new").addEventListener("submit", add);
element("set-form").addEventListener("submit", setPassword);
element("set-cancel").addEventListener("click", () => element("set").close());
element("show").addEventListener("change", (event) => shown("password", event.target.checked));
element("set-show").addEventListener("change", (event) => shown("set-password", event.target.checked));
await look();
document.documentElement.dataset.ready = "1";
