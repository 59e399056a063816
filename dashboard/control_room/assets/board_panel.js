// One panel of a board: a chart that loads when it is scrolled to, a heading or a text; and how it is doing.

import { ask, aged, Refused, setResult, showRows } from "./asking.js";
import { Chart } from "./chart.js";
import { filled, h, say } from "./page.js";

const APART_MS = 5_000;
let numbers = 0;

export class BoardPanel {
  found = null;
  seen = false;
  fresh = false;
  #asked = 0;
  #loadedAt = 0;
  #timer = null;

  // `panel` is what is kept, `placed` what belongs to it here (dashboard/control_room/board_view.py).
  // Of `on`: move(panel, by), resized(panel), removed(panel), written(panel), wanted(panel).
  constructor(panel, placed, { bar, on }) {
    Object.assign(this, { panel, placed, bar, on });
    this.id = `panel-${++numbers}`;
    this.state = h("span", { className: "facts" });
    this.heading = h("h2", { id: `${this.id}-title` }, ...(placed.page ? [h("a", { href: placed.page }, placed.title)] : [this.#kind() ?? placed.title]), " ", this.state);
    this.result = h("p", { className: "result", id: `${this.id}-result`, role: "status" });
    this.element = h("section", { className: `panel domain-panel board-panel ${panel.kind}`, id: this.id, "aria-labelledby": `${this.id}-title` }, this.heading, this.#tools(), this.result, ...this.#body());
    this.#widen();
  }

  get title() {
    return this.panel.text ?? this.placed.title;
  }

  isAbout(item) {
    return this.placed.watches.includes(`${item.domain}/${item.property}`) || this.placed.watches.includes(`${item.thing}:${item.property}`);
  }

  soon(waitMs) {
    this.#timer ??= setTimeout(() => this.on.wanted(this), Math.max(waitMs, this.#loadedAt + APART_MS - Date.now()));
  }

  async load() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.placed.path) return;
    this.#loadedAt = Date.now();
    this.fresh = true;
    const mine = ++this.#asked;
    this.element.setAttribute("aria-busy", "true");
    setResult(this.result, "");
    try {
      const range = new URLSearchParams(this.bar.view);
      const found = await ask(`${this.placed.path}&${range}`);
      if (mine !== this.#asked) return;
      this.found = found;
      this.#showState(found);
      if (!found.figure && found.table.rows.length) this.parts.details.open = true; // then the table is the panel
      this.chart.show(found, `/ops/api${this.placed.file}&${range}`);
      await this.chart.draw();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (mine === this.#asked) this.#failed(error);
    } finally {
      if (mine === this.#asked) this.element.removeAttribute("aria-busy");
    }
  }

  // Its width changed, or the window's: what is drawn follows.
  fit() {
    if (this.parts?.plot.data) this.chart.draw();
  }

  #kind() {
    return this.panel.kind === "title" ? this.panel.text : this.panel.kind === "text" ? "" : null;
  }

  #body() {
    if (this.placed.fault) {
      this.element?.setAttribute("data-state", "failed");
      this.heading.replaceChildren(this.placed.title);
      return [];
    }
    if (this.panel.kind === "title" || this.panel.kind === "text") return this.#words();
    const label = (words) => `${words}: ${this.placed.title}`;
    const parts = {
      plot: h("div", { className: "plot", role: "img", "aria-label": say("panel_loading") }), words: h("figcaption", { className: "words" }, say("panel_loading")),
      scale: h("ul", { className: "scale", "aria-label": label(say("chart_scale")) }), heads: h("tr"), rows: h("tbody"), result: `${this.id}-result`,
      csv: h("a", { className: "button", download: "" }, say("chart_csv")), excel: h("a", { className: "button", download: "" }, say("chart_excel")),
      copy: h("button", { type: "button" }, say("chart_copy")), png: h("button", { type: "button" }, say("chart_png")),
    };
    const region = h("div", { className: "scroll tall", tabIndex: 0, role: "region", "aria-label": label(say("chart_table")) }, h("table", {}, h("thead", {}, parts.heads), parts.rows));
    parts.details = h("details", { className: "padded" }, h("summary", {}, say("chart_table")), region, parts.scale,
      h("div", { className: "buttons padded" }, parts.copy, parts.png, parts.csv, parts.excel));
    this.parts = parts;
    this.chart = new Chart(parts, {
      titled: () => [this.placed.title, this.found.range.shown, ...(this.placed.simulated ? [say("simulated")] : [])].join(" · "), fileName: () => this.id,
      link: () => new URL(this.placed.page, location.href).href, onZoom: (change) => this.bar.dragged(change),
    });
    return [h("figure", {}, h("div", { className: "plot-scroll", role: "group", "aria-label": this.placed.title }, parts.plot), parts.words), parts.details];
  }

  #words() {
    const write = h(this.panel.kind === "title" ? "input" : "textarea", { value: this.panel.text, maxLength: this.panel.kind === "title" ? 120 : 2000, className: "own-words", "aria-label": say("board_words"), oninput: () => this.#write(write.value) });
    this.said = h("p", { className: "own-text prose" }, this.panel.kind === "text" ? this.panel.text : "");
    return this.panel.kind === "text" ? [this.said, write] : [write];
  }

  #write(text) {
    if (this.panel.kind === "title" && !text.trim()) return;
    this.panel = { ...this.panel, text };
    if (this.panel.kind === "title") this.heading.firstChild.textContent = text;
    else this.said.textContent = text;
    this.on.written(this);
  }

  #tools() {
    const title = this.title;
    const button = (sign, words, onclick) => h("button", { type: "button", title: filled(words, { title }), "aria-label": filled(words, { title }), onclick }, sign);
    this.earlier = button("←", "board_earlier", () => this.on.move(this, -1));
    this.later = button("→", "board_later", () => this.on.move(this, 1));
    const width = h("select", { "aria-label": filled("board_width", { title }), onchange: () => this.#resize(Number(width.value)) },
      ...[1, 2, 3].map((n) => h("option", { value: n, selected: n === this.panel.width }, `${n}/3`)));
    const drag = h("span", { className: "drag", title: say("board_drag"), draggable: true }, "⠿");
    drag.addEventListener("dragstart", (event) => this.on.drag(this, event));
    drag.addEventListener("dragend", () => this.on.dropped(this));
    return h("div", { className: "buttons padded arranging" }, drag, this.earlier, this.later, width, button("✕", "board_remove", () => this.on.removed(this)));
  }

  #resize(width) {
    this.panel = { ...this.panel, width };
    this.#widen();
    this.on.resized(this);
    this.fit();
  }

  #widen() {
    this.element.dataset.width = this.panel.width;
    if (this.placed.fault) this.element.dataset.state = "failed";
  }

  #showState({ empty, old, newest }) {
    this.element.dataset.state = empty ? "empty" : old ? "old" : "drawn";
    showRows(this.state, [[empty, old, newest]], () =>
      h("span", { className: "facts count" }, ...(newest ? [h("span", {}, `${say("panel_newest")} `, aged(newest))] : []),
        ...(empty || old ? [h("span", { className: "note" }, say(empty ? "panel_empty" : "panel_old"))] : []),
        ...(this.placed.simulated ? [h("span", { className: "badge" }, say("simulated"))] : [])));
  }

  #failed(error) {
    this.element.dataset.state = "failed";
    setResult(this.result, `${error.message} `, "bad");
    this.result.append(h("button", { type: "button", onclick: () => this.on.wanted(this) }, say("board_retry")));
    if (!this.found) this.parts.words.textContent = "";
  }
}
