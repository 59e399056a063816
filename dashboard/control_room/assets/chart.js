// A chart and what belongs to it on every page: words and a table that say the same, its scale, a link, PNG and CSV.

import { Refused, showRows, tell } from "./asking.js";
import { h, say, setText } from "./page.js";
import { replay } from "./replay_clock.js";

const PLOTLY = "/ops/_dash-component-suites/plotly/package_data/plotly.min.js";
const NARROW = 480; // px; names of bands would cover what is drawn
const NUMBER = 26; // px; a narrower square has not even that
const SQUARE = 96; // px; a narrower square has only its number
const COLUMN = 100; // px
const NAMES = 150; // px; what the names of rows take
const PAPER = getComputedStyle(document.documentElement).getPropertyValue("--surface-2").trim();
const CONFIG = { displayModeBar: false, responsive: true, doubleClick: false };
const FEW_LINES = 3;
const PHONE_PX = 340;
const LINE_PX = 20;
const WIDTH = 1400;
const HEIGHT = 700;

let loading = null;

// 5 MB: only when something is to be drawn.
function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const onerror = () => {
      loading = null;
      reject(new Refused(say("chart_no_plotly"), "plotly"));
    };
    const onload = () => (globalThis.Plotly ? resolve(globalThis.Plotly) : onerror());
    document.head.append(h("script", { src: PLOTLY, onload, onerror }));
  });
  return loading;
}

export class Chart {
  #found = null;

  // `parts`: elements plot, words, scale, details, heads, rows, csv, excel, copy, png, and the id `result` of where is told what
  // came of something. `titled()` and `fileName()` are those of a picture, `link()` the address that shares the view.
  constructor(parts, { titled, fileName, link, onZoom }) {
    Object.assign(this, { parts, titled, fileName, link, onZoom });
    parts.copy.addEventListener("click", () => this.#copy());
    parts.png.addEventListener("click", () => this.#download());
    parts.details.addEventListener("toggle", () => this.#showTable());
  }

  // Everything but the figure: words and table are there even where nothing can be drawn.
  show(found, file) {
    this.#found = found;
    const { words, scale } = found;
    const { parts } = this;
    setText(parts.words, words);
    parts.plot.setAttribute("aria-label", say("chart_label").replace("{words}", () => words));
    showRows(parts.scale, scale, ({ text, color }) => {
      const swatch = h("i", { className: color ? "swatch" : "swatch dashed" });
      if (color) swatch.style.background = color;
      return h("li", {}, swatch, text);
    });
    parts.csv.href = file;
    parts.excel.href = `${file}&for=excel`;
    this.#showTable();
  }

  async draw() {
    const { plot } = this.parts;
    plot.hidden = !this.#found.figure;
    this.parts.png.disabled = !this.#found.figure;
    if (!this.#found.figure) return;
    const drawing = await plotly();
    const first = !plot.data;
    const { data, layout } = structuredClone(this.#found.figure);
    if (layout.height) plot.style.height = `${layout.height}px`;
    if (plot.clientWidth < NARROW) layout.annotations = layout.annotations?.filter((one) => one.xanchor !== "right"); // the list below has the bands
    if (layout.xaxis.type === "category") keepWide(plot, data);
    if (plot.clientWidth < NARROW) fitPhone(plot, data, layout);
    for (const trace of data) shorten(trace, plot.clientWidth);
    await drawing.react(plot, data, layout, CONFIG);
    if (first) plot.on("plotly_relayout", (change) => this.#found.over_time !== false && this.onZoom(change));
  }

  #showTable() {
    const { details, heads, rows } = this.parts;
    if (!details.open || !this.#found) return;
    const { table } = this.#found;
    const kind = (n) => (table.numbers.includes(n) ? "number" : "");
    showRows(heads, table.heads, (text) => h("th", { scope: "col", className: kind(table.heads.indexOf(text)) }, text));
    showRows(rows, table.rows, (cells) =>
      h("tr", {}, ...cells.map((text, n) => (n ? h("td", { className: kind(n) }, text) : h("th", { scope: "row" }, text)))));
    for (const row of rows.rows) [...row.cells].forEach((cell, n) => (cell.dataset.label = table.heads[n]));
  }

  async #copy() {
    const link = this.link();
    try {
      await navigator.clipboard.writeText(link);
      tell(this.parts.result, say("chart_copied"), "good");
    } catch {
      tell(this.parts.result, say("chart_not_copied").replace("{link}", () => link));
    }
  }

  async #download() {
    const { plot } = this.parts;
    if (!plot.data) return;
    const margin = { ...plot.layout.margin, t: 96 };
    const layout = { ...plot.layout, title: { text: (replay ? `PHÁT LẠI · REPLAY ${replay.words} · ` : "") + this.titled(), font: { size: 16 } }, paper_bgcolor: PAPER, plot_bgcolor: PAPER, margin, height: undefined };
    await globalThis.Plotly.downloadImage({ data: plot.data, layout }, { format: "png", width: WIDTH, height: HEIGHT, filename: this.fileName() });
  }
}

// Columns by name need room for number and word: what does not fit is scrolled.
function keepWide(plot, data) {
  const columns = Math.max(...data.map((trace) => trace.meta?.columns ?? 0));
  plot.style.minWidth = `${NAMES + COLUMN * columns}px`;
  const scroll = plot.parentElement;
  if (scroll.scrollWidth > scroll.clientWidth) scroll.tabIndex = 0;
  else scroll.removeAttribute("tabindex");
}

// A long legend stands below.
function fitPhone(plot, data, layout) {
  if (data.length <= FEW_LINES || layout.height) return;
  layout.legend = { ...layout.legend, y: -0.2, yanchor: "top" };
  plot.style.height = `${PHONE_PX + LINE_PX * data.length}px`;
}

// Squares without room for a word have their number; all of it is in their box and in the table.
function shorten(trace, width) {
  if (!trace.meta?.short) return;
  const square = (width - NAMES) / trace.meta.columns;
  if (square < SQUARE) trace.text = trace.meta.short;
  if (square < NUMBER) trace.visible = false; // then the table has them
}
