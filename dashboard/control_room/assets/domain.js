// The page of a domain: one range of time for all its panels, each of which asks for itself; values that come make those
// panels ask again that are about them.

import { openStream } from "../static/live.js";
import { ask, aged, element, keepLooking, onReplay, Refused, showRows, tell } from "./asking.js";
import { DomainNotes } from "./domain_notes.js";
import { DomainPanel } from "./domain_panel.js";
import { growOld, h, learnWords, say, setClock } from "./page.js";
import { RangeBar } from "./range_bar.js";
import { inTime, replay } from "./replay_clock.js";

const AGAIN_MS = 15_000;
const SOON_MS = 1_500;
const WHOLE_MS = 60_000;
learnWords(element("words"));
const { page, pages, mayAct } = element("words").dataset;
const path = `/pages/${encodeURIComponent(page)}`;

for (const one of JSON.parse(pages)) {
  const link = h("a", { href: `/ops/domains/${encodeURIComponent(one.key)}` }, one.name);
  if (one.here) link.setAttribute("aria-current", "page");
  element("pages").append(link);
}

const bar = new RangeBar({ onGo: () => went(), resultId: "range-result" });
const notes = new DomainNotes(path, { mayAct: mayAct === "1", rangeOf: () => bar, onChange: () => Promise.all([look(), loadAll()]) });
const panels = new Map();

// Everything that the address holds: the range and what is chosen in each panel.
function query(view = bar.view) {
  const found = new URLSearchParams(view);
  for (const panel of panels.values()) for (const [key, value] of panel.inAddress()) found.set(key, value);
  return inTime(found);
}

function went() {
  history.pushState(null, "", `?${query()}`);
  return Promise.all([look(), loadAll()]);
}

function chosen(panel) {
  history.pushState(null, "", `?${query()}`);
  nameOther();
  return panel.load();
}

function nameOther() {
  const other = document.querySelector(".controls a[hreflang]");
  other.href = `${other.pathname}?${query()}&lang=${other.hreflang}`;
  for (const link of element("pages").children) link.search = `?${new URLSearchParams(bar.view)}`; // the others show the same range
}

function show(found) {
  setClock(found.generated_at);
  bar.show(found.range);
  const facts = [found.newest, found.simulated];
  showRows(element("freshness"), [facts], ([newest, simulated]) =>
    h("span", { className: "facts" }, ...(newest ? [h("span", {}, `${say("domain_newest")} `, aged(newest))] : [say("domain_silent")]),
      ...(simulated ? [h("span", { className: "badge" }, say("simulated"))] : [])));
  notes.show(found.notes, found.subjects);
  for (const one of found.panels) if (!panels.has(one.key)) add(one, found);
  for (const key of [...panels.keys()]) if (!found.panels.some((one) => one.key === key)) drop(key);
  nameOther();
  element("loading").hidden = true;
}

function add(about) {
  const panel = new DomainPanel(about, {
    path, bar, mayAct: mayAct === "1",
    onChoice: () => chosen(panel), onNote: () => notes.open(), linkOf: () => new URL(`?${query(bar.fixed)}#${about.key}`, location.href).href,
    badges: () => [...element("freshness").querySelectorAll(".badge")].map((badge) => badge.textContent),
  });
  panels.set(about.key, panel);
  element("panels").append(panel.element);
}

// A catalogue that was changed under the page.
function drop(key) {
  panels.get(key).element.remove();
  panels.delete(key);
}

// In the order of the page, two at a time: what is seen first is there first.
async function loadAll() {
  const waiting = [...panels.values()];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next.load();
  };
  await Promise.all([work(), work()]);
}

const look = keepLooking(async () => {
  tell("range-result", "");
  try {
    show(await ask(`${path}?${new URLSearchParams(bar.view)}`));
  } catch (error) {
    if (!(error instanceof Refused) || !error.code.startsWith("range_")) throw error;
    tell("range-result", error.message, "bad");
  }
}, { everyMs: AGAIN_MS, faultId: "fault" });

openStream("/ops/stream", {
  onItems(items) {
    if (!bar.live) return;
    for (const panel of panels.values()) if (items.some((item) => panel.isAbout(item))) panel.soon(SOON_MS);
  },
  onState(state) {
    if (state === "open") look();
  },
});

addEventListener("popstate", () => {
  bar.readAddress();
  for (const panel of panels.values()) panel.readAddress();
  look();
  loadAll();
});

onReplay(loadAll);
setInterval(growOld, 1_000);
setInterval(() => !replay && bar.live && !document.hidden && loadAll(), WHOLE_MS);
await look();
await loadAll();
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
document.documentElement.dataset.ready = "1";
