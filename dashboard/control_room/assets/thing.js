// One Thing: what it is and how it is doing. The chart, the calendar and the notes have modules of their own.

import { openStream } from "../static/live.js";
import { ask, aged, element, keepLooking, onReplay, showRows, showTable } from "./asking.js";
import { severitySign } from "./lists.js";
import { showNearby } from "./nearby.js";
import { filled, growOld, h, learnWords, say, setAge, setClock, setText, thingLink } from "./page.js";
import { replay } from "./replay_clock.js";
import { ThingCalendar } from "./thing_calendar.js";
import { ThingChart } from "./thing_chart.js";
import { ThingNotes } from "./thing_notes.js";

const AGAIN_MS = 15_000;
const SOON_MS = 1_000;
learnWords(element("words"));
const { thing, mayAct } = element("words").dataset;
const PANELS = ["head", "series-panel", "alerts-panel", "notes-panel", "message-panel", "health-panel", "about-panel", "nearby-panel"];

const calendar = new ThingCalendar(thing);
const chart = new ThingChart(thing, { onProperty: (property, name) => calendar.show(property, name), onDrawn: () => markDrawn() });
const notes = new ThingNotes(thing, { mayAct: mayAct === "1", onChange: () => Promise.all([look(), chart.load()]) });

function show(found) {
  setClock(found.generated_at);
  showHead(found);
  showSeries(found.series);
  showRows(element("alerts"), found.alerts, alertRow, "thing_no_alerts");
  notes.show(found.notes);
  showMessage(found.message);
  showHealth(found);
  showRows(element("about"), found.about, ([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text)));
  showTable(element("streams"), found.streams, streamCells, "series_none");
  showNearby(found.nearby);
  for (const panel of PANELS) element(panel).hidden = false;
  element("loading").hidden = true;
}

function showHead(found) {
  showRows(element("what"), [found], ({ domain, domain_key, kind }) =>
    h("span", {}, h("a", { href: `/ops/domains/${encodeURIComponent(domain_key)}` }, domain), ` · ${kind}`));
  showRows(element("parent"), found.parent ? [found.parent] : [], (one) => h("span", {}, `${say("thing_is_in")} `, thingLink(one.id, one.name)));
  const badges = [];
  if (found.simulated) badges.push(say("simulated"));
  if (!found.public) badges.push(say("thing_not_public"));
  showRows(element("badges"), badges, (text) => h("span", { className: "badge" }, text));
  element("head").dataset.state = found.state;
  setText(element("state"), replay && found.state === "live" ? say("past_sending") : found.state_word);
  setText(element("level"), found.level ?? "");
  showRows(element("newest"), found.newest ? [found.newest] : [], (at) => h("span", {}, `${say("thing_newest")} `, aged(at)));
  showRows(element("place"), [found], ({ place, on_map }) =>
    h("span", {}, place, ...(on_map ? [" · ", h("a", { href: `/ops/?thing=${encodeURIComponent(thing)}` }, say("show"))] : [])));
  element("children").hidden = !found.children.length;
  setText(element("children-count"), filled("thing_children", { count: found.children.length }));
  keepingFocus(element("children-list"), (list) =>
    showRows(list, found.children, (one) =>
      h("li", { className: one.state }, thingLink(one.id, one.name), " ", h("span", { className: "muted" }, one.state_word))));
}

function showSeries(series) {
  keepingFocus(element("series"), (body) =>
    showTable(
      body,
      series,
      (one) => [
        h("th", { scope: "row" }, drawButton(one)),
        h("td", { className: "number" }, one.value ?? say("series_no_value")),
        h("td", {}, one.time ? aged(one.time) : ""),
        h("td", { className: one.doubtful ? "doubt" : "" }, one.quality ?? ""),
        h("td", {}, one.provenance ?? ""),
      ],
      "series_none",
    ));
  markDrawn();
  element("chart-panel").hidden = !series.length;
  element("calendar-panel").hidden = !series.length;
  chart.offer(series);
}

// Rows that are made anew leave the focus on what is called the same.
function keepingFocus(parent, show) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.textContent : null;
  show(parent);
  if (focused === null || parent.contains(document.activeElement)) return;
  [...parent.querySelectorAll("a, button")].find((one) => one.textContent === focused)?.focus();
}

function drawButton(one) {
  const button = h("button", { type: "button", title: filled("series_draw", one), onclick: () => chart.choose(one.property) }, one.name);
  button.dataset.property = one.property;
  return button;
}

function markDrawn() {
  for (const button of element("series").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.property === chart.property));
  }
}

function alertRow(one) {
  const facts = [h("b", { className: "severity" }, one.severity_word), h("span", { className: "muted" }, one.state_word)];
  return h("li", { className: `alert ${one.severity} ${one.state}` },
    severitySign(one.severity),
    h("div", {},
      h("p", { className: "facts" }, ...facts, ...one.marks.map((mark) => h("span", { className: "note" }, mark))),
      h("a", { className: "title", href: `/ops/alerts/${one.id}` }, one.title),
      h("p", { className: "muted" }, one.value_words),
      h("p", { className: "facts muted" }, one.since.words, aged(one.since.at))));
}

function showMessage(message) {
  setText(element("message-words"), message.words);
  element("accepted-part").hidden = !message.accepted.length;
  setAge(element("accepted-at"), message.accepted_at);
  showTable(element("accepted"), message.accepted, ([name, value, ...times]) => [
    h("th", { scope: "row" }, name), h("td", { className: "number" }, value), ...times.map((time) => h("td", {}, time)),
  ], "series_no_value");
  setAge(element("rejected-at"), message.rejected?.at ?? null);
  showRows(element("rejected"), [message.rejected], (one) => (one ? rejectedPart(one) : h("p", {}, say("message_no_rejected"))));
}

function rejectedPart(one) {
  const where = one.path ? `${say("message_where")} ${one.path}` : "";
  return h("div", {},
    h("p", { className: "facts" }, h("b", {}, one.reason), h("span", { className: "muted" }, one.at_words), h("span", {}, where)),
    one.message ? h("p", { lang: "en", className: "muted" }, one.message) : "",
    h("p", {}, h("code", {}, one.topic)),
    h("code", { className: "payload whole" }, one.payload),
    h("small", { className: "muted" }, one.size));
}

function showHealth({ clock, loss }) {
  setText(element("clock"), clock.words);
  element("clock").className = clock.bad ? "doubt" : "";
  setAge(element("clock-at"), clock.at);
  setText(element("loss"), loss.words);
  element("loss").className = loss.bad ? "doubt" : "";
}

function streamCells(one) {
  const calibrations = one.calibrations.length ? one.calibrations : [say("about_no_calibration")];
  return [
    h("th", { scope: "row" }, one.name, one.unit ? h("small", {}, one.unit) : ""),
    h("td", {}, one.interval), h("td", {}, one.made), h("td", {}, one.range),
    h("td", {}, ...calibrations.map((text) => h("span", { className: "line" }, text))),
  ];
}

const look = keepLooking(async () => show(await ask(`/things/${encodeURIComponent(thing)}`)), { everyMs: AGAIN_MS, faultId: "fault" });

// A value that comes is drawn at once; what is said of it in words is asked for, once a second at most.
let soon = null;
openStream("/ops/stream", {
  onItems(items) {
    const own = items.filter((item) => item.thing === thing);
    if (!own.length) return;
    chart.extend(own);
    soon ??= setTimeout(() => {
      soon = null;
      look();
    }, SOON_MS);
  },
  onState(state) {
    if (state === "open") look();
  },
});

onReplay(() => chart.load());
setInterval(growOld, 1_000);
await look();
await chart.load();
document.documentElement.dataset.ready = "1";
