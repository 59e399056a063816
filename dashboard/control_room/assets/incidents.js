// Incidents: those that are open, those that are closed and can be searched, and opening one without an alert.

import { openStream } from "../static/live.js";
import { ask, aged, element, keepLooking, showRows, working } from "./asking.js";
import { severitySign } from "./lists.js";
import { growOld, h, learnWords, setClock, setText } from "./page.js";

const AGAIN_MS = 5_000;
learnWords(element("words"));
const mayAct = element("words").dataset.mayAct === "1";

function row(one) {
  return h("li", { className: one.severity },
    severitySign(one.severity),
    h("div", {},
      h("p", { className: "facts" }, h("b", { className: "severity" }, one.severity_word), h("span", { className: "muted" }, `#${one.id}`),
        ...one.marks.map((mark) => h("span", { className: "note" }, mark))),
      h("a", { className: "title", href: `/ops/incidents/${one.id}` }, one.title),
      one.place ? h("p", {}, one.place) : "",
      h("p", { className: "muted" }, one.facts.join(" · ")),
      h("p", { className: "facts muted" }, one.words, one.lasted ? h("span", {}, one.lasted) : aged(one.opened_at)),
      one.resolution ? h("p", {}, one.resolution) : ""));
}

let past = { closed: [], after: null };

async function search(after) {
  const query = new URLSearchParams({ words: element("search-words").value.trim() });
  if (after) query.set("after", after);
  const found = await ask(`/incidents/closed?${query}`);
  past = { closed: after ? [...past.closed, ...found.closed] : found.closed, after: found.after };
  showRows(element("closed"), past.closed, row, "incidents_none_found");
  element("search-more").hidden = !past.after;
  return "";
}

element("search").addEventListener("submit", (event) => {
  event.preventDefault();
  working("search-result", () => search(null));
});
element("search-more").addEventListener("click", () => working("search-result", () => search(past.after)));
element("new").addEventListener("submit", (event) => {
  event.preventDefault();
  working("new-result", async () => {
    const body = { title: element("new-what").value, place: element("new-place").value, severity: element("new-severity").value };
    const { id } = await ask("/incidents", body);
    location.assign(`/ops/incidents/${id}`);
    return "";
  });
});

const look = keepLooking(
  async () => {
    const found = await ask("/incidents");
    setClock(found.generated_at);
    setText(element("open-count"), found.open.length || "");
    showRows(element("open"), found.open, row, "incidents_none");
    growOld();
  },
  { everyMs: AGAIN_MS, faultId: "fault" },
);
element("opening").hidden = !mayAct;
setInterval(growOld, 1_000);
openStream("/ops/stream", { onItems() {}, onState() {}, onChange: () => look() });
await look();
await working("search-result", () => search(null));
document.documentElement.dataset.ready = "1";
