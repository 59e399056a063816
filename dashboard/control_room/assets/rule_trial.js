// What a draft of a rule would have done: asked for line by line, and drawn beside the rule as it is.

import { element, fetchedLines, Refused, showRows, showTable } from "./asking.js";
import { filled, h, language, say, setText } from "./page.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 1000; // units across the whole span

// Resolves to what was found; told how far it has come. Throws Refused; an abort ends it with one whose code is "aborted".
export async function runTrial(asked, signal, progress) {
  const options = { method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) };
  try {
    for await (const line of fetchedLines(`/ops/api/rules/@trial?lang=${language}`, options)) {
      if (line.refused) throw new Refused(line.refused, "trial");
      if (line.stopped) break;
      if (line.found) return line.found;
      if (!line.work) progress(line);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  throw new Refused(signal.aborted ? say("trial_stopped") : say("refused_server"), signal.aborted ? "aborted" : "server");
}

export function showTrial(found) {
  showTable(element("counts"), found.counts, countCells, "trial_none");
  setText(element("read"), found.read);
  element("unfinished").hidden = !found.unfinished;
  setText(element("unfinished"), found.unfinished);
  element("told-fault").hidden = !found.alerting_fault;
  setText(element("told-fault"), found.alerting_fault ? `${say("trial_told_fault")}: ${found.alerting_fault}` : "");
  draw(found);
  showRows(element("tests"), found.tests, testRow, "trial_no_tests");
}

const countCells = (one) => [
  h("th", { scope: "row" }, one.name),
  h("td", { className: `number now ${one.key}` }, one.now),
  h("td", { className: `number before ${one.key}` }, one.before),
  h("td", { className: "number" }, one.change),
];

function testRow(one) {
  const row = h("li", {}, h("p", {}, h("span", { className: one.passed ? "good" : "bad" }, `${one.passed ? "✓" : "✕"} ${say(one.passed ? "trial_passed" : "trial_failed")}`), " ", h("span", { lang: "en" }, one.it)));
  if (one.faults.length) row.append(h("pre", { tabIndex: 0, lang: "en" }, one.faults.join("\n")));
  return row;
}

// A lane for each Thing: above what the draft does, filled; below the rule as it is, hollow.
function draw(found) {
  const parent = element("chart");
  if (!found.lanes.length) {
    parent.replaceChildren(h("p", { className: "hint" }, say("trial_none")));
    return;
  }
  const rows = found.lanes.map((lane) => {
    const picture = svg("svg", { viewBox: `0 0 ${WIDE} 30`, preserveAspectRatio: "none", "aria-hidden": "true" });
    picture.append(...bars(found, lane.now, 3, "now"), ...bars(found, lane.before, 17, "before"));
    const counts = found.has_before ? `${lane.now_count} / ${lane.before_count}` : `${lane.now_count}`;
    return h("li", {}, h("span", { className: "lane-name" }, lane.name), picture, h("span", { className: "lane-count" }, counts));
  });
  const title = h("p", { className: "hint" }, say("trial_chart"));
  const days = axis(found);
  const more = found.more ? [h("p", { className: "hint" }, filled("trial_more", { count: found.more }))] : [];
  parent.replaceChildren(title, h("ol", {}, ...rows), days, ...more);
}

function bars(found, stretches, y, kind) {
  const start = Date.parse(found.start);
  const span = Date.parse(found.end) - start;
  return stretches.map(([from, to]) => {
    const x = ((Date.parse(from) - start) / span) * WIDE;
    const width = Math.max(2, ((Date.parse(to) - Date.parse(from)) / span) * WIDE); // a short one is seen too
    return svg("rect", { x: Math.min(x, WIDE - 2), y, width, height: 10, class: kind });
  });
}

function axis(found) {
  const day = (iso) => new Date(iso).toLocaleDateString("en-GB", { timeZone: "Asia/Ho_Chi_Minh", day: "2-digit", month: "2-digit" });
  const middle = new Date((Date.parse(found.start) + Date.parse(found.end)) / 2).toISOString();
  return h("p", { className: "lane-axis", "aria-hidden": "true" }, ...[found.start, middle, found.end].map((iso) => h("span", {}, day(iso))));
}

function svg(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
