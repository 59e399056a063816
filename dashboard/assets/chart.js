// One series over a span of time as SVG. Gaps stay gaps, doubtful values are hollow, times are Hanoi's.

import { number, time } from "./format.js";

const NS = "http://www.w3.org/2000/svg";
const MARGIN = { top: 14, right: 12, bottom: 22, left: 44 }; // left: at least
const LETTER = 6.5; // px that a figure of the axis takes at most
const ZONE_MS = 7 * 3600e3; // Hanoi keeps one offset all year
const DOUBTFUL = 3;
const GAP_INTERVALS = 3;

// drawSeries(element, {points: [{time, result, quality}] oldest first, from, to: ms, decimals, symbol, language,
//   when: ms → text (time), intervalS, boolean, bands, label: accessible name, width, height, words: {lowest, highest, last}})
// Buckets of a rollup: give their mean as result. Replaces what is in the element.
export function drawSeries(element, options) {
  const { points, from, to, width = element.clientWidth || 360, height = 190 } = options;
  const shown = points.map((p) => ({ at: Date.parse(p.time), value: p.result, doubtful: p.quality >= DOUBTFUL }));
  const scale = scales(shown, options, width, height);
  const svg = make("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": summary(shown, options) });
  gridY(svg, scale, width);
  gridX(svg, scale, from, to, height);
  limits(svg, scale, options, width);
  svg.append(make("path", { class: "series", d: line(shown, scale, options) }));
  dots(svg, shown, scale, options);
  readout(svg, shown, scale, options, width, height);
  element.replaceChildren(svg);
}

function scales(shown, { from, to, boolean, decimals, language, words }, width, height) {
  const values = shown.filter((p) => !p.doubtful).map((p) => p.value);
  const all = values.length ? values : shown.map((p) => p.value);
  let low = boolean ? 0 : Math.min(...all);
  let high = boolean ? 1 : Math.max(...all);
  if (low >= 0 && low < 0.5 * high) low = 0;
  if (high - low < 1e-9) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1];
  const { step, ticks } = boolean ? { step: 1, ticks: [0, 1] } : niceTicks(low, high, 4, decimals === 0);
  const labels = ticks.map((tick) => (boolean ? words[tick ? "yes" : "no"] : number(tick, fineness(step, 6), language)));
  const left = Math.max(MARGIN.left, Math.max(...labels.map((label) => label.length)) * LETTER + 8);
  [low, high] = [Math.min(low, ticks[0]), Math.max(high, lastOf(ticks))];
  const inner = { w: width - left - MARGIN.right, h: height - MARGIN.top - MARGIN.bottom };
  return {
    ticks: ticks.map((tick, i) => [tick, labels[i]]),
    left,
    low,
    high,
    x: (at) => left + ((at - from) / (to - from)) * inner.w,
    y: (value) => MARGIN.top + inner.h - ((clamp(value, low, high) - low) / (high - low)) * inner.h,
    at: (x) => from + ((x - left) / inner.w) * (to - from),
  };
}

// What is told in whole numbers, a level or a count, has no tick between two of them.
function niceTicks(low, high, count, whole) {
  const raw = Math.max((high - low) / count, whole ? 1 : 0);
  const power = 10 ** Math.floor(Math.log10(raw));
  const steps = [1, 2, 2.5, 5, 10].map((n) => n * power);
  const step = steps.find((n) => n >= raw && (!whole || Number.isInteger(n)));
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  return { step, ticks: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step) };
}

// How many decimals a number needs to be told as it is, at most `most`.
function fineness(value, most) {
  let decimals = 0;
  while (decimals < most && Math.abs(value - Math.round(value * 10 ** decimals) / 10 ** decimals) > 1e-9) decimals += 1;
  return decimals;
}

function gridY(svg, scale, width) {
  for (const [tick, label] of scale.ticks) {
    const y = scale.y(tick);
    svg.append(make("line", { class: "grid", x1: scale.left, x2: width - MARGIN.right, y1: y, y2: y }));
    svg.append(make("text", { class: "axis y", x: scale.left - 6, y: y + 4, "text-anchor": "end" }, label));
  }
}

function gridX(svg, scale, from, to, height) {
  const hours = [1, 2, 3, 4, 6, 12, 24, 48, 168].find((n) => (to - from) / (n * 3600e3) <= 5) || 720;
  const step = hours * 3600e3;
  for (let at = Math.ceil((from + ZONE_MS) / step) * step - ZONE_MS; at <= to; at += step) {
    const x = scale.x(at);
    svg.append(make("line", { class: "grid", x1: x, x2: x, y1: MARGIN.top, y2: height - MARGIN.bottom }));
    svg.append(make("text", { class: "axis", x, y: height - 6, "text-anchor": "middle" }, clock(at, hours >= 24)));
  }
}

function clock(at, days) {
  const local = new Date(at + ZONE_MS).toISOString();
  return days ? `${local.slice(8, 10)}/${local.slice(5, 7)}` : local.slice(11, 16);
}

// Limits in as many decimals as the legend gives them.
function limits(svg, scale, { bands = [], language, boolean }, width) {
  if (boolean) return;
  for (const { below } of bands) {
    if (below === null || below <= scale.low || below >= scale.high) continue;
    const y = scale.y(below);
    svg.append(make("line", { class: "limit", x1: scale.left, x2: width - MARGIN.right, y1: y, y2: y }));
    const text = `→ ${number(below, fineness(below, 2), language)}`;
    svg.append(make("text", { class: "limit-label", x: width - MARGIN.right, y: y - 3, "text-anchor": "end" }, text));
  }
}

// Values further apart than three reporting intervals are not joined: nobody knows what was between.
function line(shown, scale, { intervalS, boolean }) {
  let d = "";
  let before = null;
  for (const point of shown.filter((p) => !p.doubtful)) {
    const [x, y] = [scale.x(point.at).toFixed(1), scale.y(point.value).toFixed(1)];
    const joined = before !== null && point.at - before <= GAP_INTERVALS * intervalS * 1000;
    d += joined ? (boolean ? `H${x}V${y}` : `L${x} ${y}`) : `M${x} ${y}`;
    before = point.at;
  }
  return d;
}

function dots(svg, shown, scale, { intervalS }) {
  const far = (a, b) => !a || !b || Math.abs(a.at - b.at) > GAP_INTERVALS * intervalS * 1000;
  shown.forEach((p, i) => {
    const place = { cx: scale.x(p.at), cy: scale.y(p.value) };
    if (p.doubtful) svg.append(make("circle", { class: "doubtful", r: 2.5, ...place }));
    else if (far(p, shown[i - 1]) && far(p, shown[i + 1])) svg.append(make("circle", { class: "lone", r: 2, ...place }));
  });
  const last = lastOf(shown.filter((p) => !p.doubtful));
  if (last) svg.append(make("circle", { class: "last", r: 4, cx: scale.x(last.at), cy: scale.y(last.value) }));
}

function readout(svg, shown, scale, options, width, height) {
  if (!shown.length) return;
  const cursor = make("line", { class: "cursor", y1: MARGIN.top, y2: height - MARGIN.bottom, visibility: "hidden" });
  const text = make("text", { class: "readout", y: MARGIN.top - 3, visibility: "hidden" });
  svg.append(cursor, text);
  const hide = () => [cursor, text].forEach((node) => node.setAttribute("visibility", "hidden"));
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const at = scale.at(((event.clientX - box.left) / box.width) * width);
    const near = shown.reduce((a, b) => (Math.abs(b.at - at) < Math.abs(a.at - at) ? b : a));
    const x = scale.x(near.at);
    for (const [name, value] of [["x1", x], ["x2", x], ["visibility", "visible"]]) cursor.setAttribute(name, value);
    text.textContent = `${when(near.at, options)}  ${value(near.value, options)}`;
    text.setAttribute("x", clamp(x, scale.left, width - 130));
    text.setAttribute("visibility", "visible");
  });
}

function summary(shown, options) {
  const { label, words } = options;
  const good = shown.filter((p) => !p.doubtful);
  if (!good.length) return label;
  const values = good.map((p) => p.value);
  const say = (word, v) => `${word} ${value(v, options)}`;
  return [
    label,
    say(words.lowest, Math.min(...values)),
    say(words.highest, Math.max(...values)),
    `${say(words.last, lastOf(values))} (${when(lastOf(good).at, options)})`,
  ].join("; ");
}

function when(at, options) {
  return options.when ? options.when(at) : time(at, options.language);
}

function value(v, { boolean, words, decimals, language, symbol }) {
  return boolean ? words[v >= 0.5 ? "yes" : "no"] : `${number(v, decimals, language)} ${symbol}`.trim();
}

const lastOf = (list) => list[list.length - 1];
const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

function make(name, attributes, text) {
  const node = document.createElementNS(NS, name);
  for (const [key, v] of Object.entries(attributes)) node.setAttribute(key, v);
  if (text !== undefined) node.textContent = text;
  return node;
}
