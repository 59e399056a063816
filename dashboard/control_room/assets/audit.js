// The audit trail: who did what, when and from where. For administrators.

import { ask, element, showTable, working, written } from "./asking.js";
import { h, learnWords } from "./page.js";

learnWords(element("words"));
let events = [];
let older = null;

function cells(one) {
  return [
    h("td", { className: "when" }, one.at),
    h("td", {}, one.actor),
    h("th", { scope: "row" }, one.action),
    h("td", {}, one.subject),
    h("td", {}, one.detail),
    h("td", {}, one.source),
  ];
}

// What is asked while an answer is awaited is asked as soon as that is there: nobody's question is dropped.
let asking = false;
let next;

async function look(before) {
  if (asking) {
    next = { before };
    return;
  }
  asking = true;
  await find(before);
  asking = false;
  const { before: then } = next ?? {};
  const waits = next !== undefined;
  next = undefined;
  if (waits) await look(then);
}

async function find(before) {
  const work = async () => {
    const asked = {
      actor: element("actor").value.trim(),
      action: element("action").value,
      subject: element("subject").value.trim(),
      since: written(element("since").value),
      until: written(element("until").value),
      before,
    };
    const found = await ask("/audit", asked);
    events = before ? [...events, ...found.events] : found.events;
    older = found.older;
    showTable(element("events"), events, cells, "audit_none");
    element("older").hidden = older === null;
    return "";
  };
  await working("query-result", work);
}

async function offer() {
  const { actions } = await ask("/audit/actions");
  element("action").append(...actions.map((one) => h("option", { value: one.action }, one.name)));
}

element("query").addEventListener("submit", (event) => {
  event.preventDefault();
  look(null);
});
element("older").addEventListener("click", () => look(older));
await Promise.all([offer(), look(null)]);
document.documentElement.dataset.ready = "1";
