// Any series on one time axis. Series and range stand in the address, so that a link shares the view.

import { openStream } from "../static/live.js";
import { ask, aged, element, keepLooking, Refused, showRows, tell } from "./asking.js";
import { Chart } from "./chart.js";
import { offerPinning } from "./pin.js";
import { filled, growOld, h, learnWords, say, setClock } from "./page.js";
import { RangeBar } from "./range_bar.js";

const AGAIN_MS = 60_000;
const SOON_MS = 5_000;
const TYPED_MS = 250;
learnWords(element("words"));
const MOST = Number(element("words").dataset.most);

let chosen = [];
let found = null;
let asked = 0;
let soon = null;
let typed = null;
let sought = 0;

const bar = new RangeBar({ onGo: () => went(), resultId: "range-result" });
const parts = {
  plot: element("plot"), words: element("chart-words"), scale: element("scale"), details: element("table-details"), heads: element("table-heads"),
  rows: element("table-rows"), csv: element("csv"), excel: element("excel"), copy: element("copy"), png: element("png"), result: "chart-result",
};
const chart = new Chart(parts, {
  titled: () => [...found.chosen.map((one) => one.title), found.range.shown, ...(found.simulated ? [say("simulated")] : [])].join(" · "),
  fileName: () => `explore_${day(found.range.from)}-${day(found.range.to)}`,
  link: () => new URL(`?${query(bar.fixed)}`, location.href).href,
  onZoom: (change) => bar.dragged(change),
});
const day = (text) => text.replace(/\D/g, "").slice(0, 8);
element("copy").parentElement.append(offerPinning(() => chosen.length ? { kind: "explore", series: chosen } : null));

function readAddress() {
  chosen = (new URLSearchParams(location.search).get("series") ?? "").split(",").filter(Boolean);
}

function query(view = bar.view) {
  return new URLSearchParams({ ...(chosen.length ? { series: chosen.join(",") } : {}), ...view });
}

function went() {
  history.pushState(null, "", `?${query()}`);
  return load();
}

const load = keepLooking(async () => {
  const mine = ++asked;
  element("drawn").setAttribute("aria-busy", "true");
  tell("chart-result", "");
  tell("range-result", "");
  try {
    const answer = await ask(`/explore?${query()}`);
    if (mine !== asked) return;
    found = answer;
    await show();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (mine !== asked) return;
    element("drawn").dataset.state = "failed";
    tell(error.code.startsWith("range_") ? "range-result" : "chart-result", error.message, "bad");
    if (!found) showChosen(chosen.map((key) => ({ key, title: key })));
    if (error.code === "server" || error.code === "database") throw error;
  } finally {
    if (mine === asked) element("drawn").removeAttribute("aria-busy");
  }
}, { everyMs: AGAIN_MS, faultId: "fault" });

async function show() {
  setClock(found.generated_at);
  bar.show(found.range);
  showChosen(found.chosen);
  element("drawn").dataset.state = found.empty ? "empty" : found.old ? "old" : "drawn";
  showRows(element("state"), [[found.empty, found.old, found.newest, found.simulated]], ([empty, old, newest, simulated]) =>
    h("span", { className: "facts count" }, ...(newest ? [h("span", {}, `${say("panel_newest")} `, aged(newest))] : []),
      ...(chosen.length && (empty || old) ? [h("span", { className: "note" }, say(empty ? "panel_empty" : "panel_old"))] : []),
      ...(simulated ? [h("span", { className: "badge" }, say("simulated"))] : [])));
  chart.show(found, `/ops/api/explore/csv?${query()}`);
  const other = document.querySelector(".controls a[hreflang]");
  other.href = `${other.pathname}?${query()}&lang=${other.hreflang}`;
  await chart.draw();
}

function showChosen(series) {
  showRows(element("chosen"), series, ({ key, title, thing }) =>
    h("li", {}, thing ? h("a", { href: `/ops/things/${encodeURIComponent(thing)}?property=${encodeURIComponent(key.split(":")[1])}` }, title) : title,
      h("button", { type: "button", "aria-label": filled("explore_remove", { title }), onclick: () => remove(key) }, "✕")));
}

function remove(key) {
  chosen = chosen.filter((one) => one !== key);
  element("find").focus();
  return went();
}

function add(key) {
  if (chosen.includes(key)) return;
  if (chosen.length >= MOST) {
    tell("found-count", filled("explore_full", { most: MOST }), "bad");
    return;
  }
  chosen = [...chosen, key];
  went();
}

async function search() {
  const words = element("find").value;
  const mine = ++sought;
  if (!words.trim()) {
    showRows(element("found"), [], null);
    tell("found-count", "");
    return;
  }
  try {
    const { offered, count } = await ask(`/explore/streams?${new URLSearchParams({ words })}`);
    if (mine !== sought) return;
    tell("found-count", count ? filled("explore_found", { count, shown: offered.length }) : say("explore_nothing"));
    showRows(element("found"), offered, (one) =>
      h("li", {}, h("button", { type: "button", onclick: () => add(one.key) }, `${one.thing} · ${one.property} (${one.domain})`)));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell("found-count", error.message, "bad");
  }
}

element("find").addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(search, TYPED_MS);
});

openStream("/ops/stream", {
  onItems(items) {
    if (!bar.live || !items.some((item) => chosen.includes(`${item.thing}:${item.property}`))) return;
    soon ??= setTimeout(() => {
      soon = null;
      load();
    }, SOON_MS);
  },
  onState(state) {
    if (state === "open") load();
  },
});

addEventListener("popstate", () => {
  bar.readAddress();
  readAddress();
  load();
});

readAddress();
setInterval(growOld, 1_000);
await load();
document.documentElement.dataset.ready = "1";
