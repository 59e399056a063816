// One panel: what can be chosen, its chart, and how it is doing: loading, drawn, empty, old, or what went wrong.

import { ask, aged, Refused, showRows, tell } from "./asking.js";
import { Chart } from "./chart.js";
import { h, say } from "./page.js";
import { offerPinning } from "./pin.js";

const APART_MS = 5_000;

export class DomainPanel {
  #chosen = {}; // by the key of a choice: values; only what differs from the first choice stands in the address
  #asked = 0;
  #timer = null;
  #loadedAt = 0;

  constructor(about, { path, bar, mayAct, onChoice, onNote, linkOf, badges }) {
    Object.assign(this, { about, path, bar, onChoice, linkOf, badges });
    const id = about.key;
    const make = (tag, className, name) => h(tag, { className, id: `${id}-${name}` });
    const parts = {
      plot: h("div", { className: "plot", role: "img", "aria-label": say("panel_loading") }), words: h("figcaption", { className: "words" }, say("panel_loading")),
      scale: h("ul", { className: "scale", "aria-label": `${say("chart_scale")}: ${about.title}` }), heads: h("tr"), rows: h("tbody"), result: `${id}-result`,
      csv: h("a", { className: "button", download: "" }, say("chart_csv")), excel: h("a", { className: "button", download: "" }, say("chart_excel")),
      copy: h("button", { type: "button" }, say("chart_copy")), png: h("button", { type: "button" }, say("chart_png")),
    };
    const region = h("div", { className: "scroll tall", tabIndex: 0, role: "region", "aria-label": `${say("chart_table")}: ${about.title}` }, h("table", {}, h("thead", {}, parts.heads), parts.rows));
    parts.details = h("details", { className: "padded" }, h("summary", {}, say("chart_table")), region);
    this.parts = parts;
    this.state = make("span", "facts", "state");
    this.choices = h("div", { className: "tools-row" }, ...about.choices.map((choice) => this.#choice(choice)));
    const buttons = [parts.copy, parts.png, parts.csv, parts.excel];
    if (mayAct) buttons.push(h("button", { type: "button", "aria-label": `${say("panel_note")} ${about.title}`, onclick: onNote }, say("panel_note")));
    buttons.push(offerPinning(() => ({ kind: "domain", page: decodeURIComponent(path.split("/").at(-1)), panel: id, choices: Object.fromEntries(this.#changed()) }), about.title));
    this.element = h("section", { className: "panel domain-panel", id, "aria-labelledby": `${id}-title` },
      h("h2", { id: `${id}-title` }, about.title, " ", this.state), h("p", { className: "hint", hidden: !about.hint }, about.hint), this.choices,
      h("p", { className: "result", id: `${id}-result`, role: "status" }), h("figure", {}, h("div", { className: "plot-scroll", role: "group", "aria-label": about.title }, parts.plot), parts.words), parts.scale,
      h("div", { className: "buttons padded" }, ...buttons), parts.details);
    this.chart = new Chart(parts, { titled: () => this.#title(), fileName: () => this.#fileName(), link: linkOf, onZoom: (change) => bar.dragged(change) });
    this.readAddress();
  }

  isAbout(item) {
    return item.domain === this.about.domain && this.about.watches.includes(item.property);
  }

  // Asks again in a while, and not too often.
  soon(waitMs) {
    this.#timer ??= setTimeout(() => this.load(), Math.max(waitMs, this.#loadedAt + APART_MS - Date.now()));
  }

  async load() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#loadedAt = Date.now();
    const mine = ++this.#asked;
    this.element.setAttribute("aria-busy", "true");
    tell(this.parts.result, "");
    const asked = new URLSearchParams({ ...this.bar.view, ...Object.fromEntries(this.#changed()) });
    const address = `${this.path}/panels/${encodeURIComponent(this.about.key)}`;
    try {
      const found = await ask(`${address}?${asked}`);
      if (mine !== this.#asked) return;
      this.found = found;
      this.#showState(found);
      if (!found.figure && found.table.rows.length) this.parts.details.open = true; // then the table is the panel
      this.chart.show(found, `/ops/api${address}/csv?${asked}`);
      await this.chart.draw();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (mine === this.#asked) this.#failed(error);
    } finally {
      if (mine === this.#asked) this.element.removeAttribute("aria-busy");
    }
  }

  *inAddress() {
    for (const [key, value] of this.#changed()) yield [`${this.about.key}.${key}`, value];
  }

  readAddress() {
    const asked = new URLSearchParams(location.search);
    for (const choice of this.about.choices) {
      this.#chosen[choice.key] = asked.get(`${this.about.key}.${choice.key}`)?.split(",") ?? choice.default;
      for (const one of this.choices.querySelectorAll(`[data-choice="${choice.key}"]`)) {
        if (one.tagName === "SELECT") one.value = this.#chosen[choice.key][0];
        else one.checked = this.#chosen[choice.key].includes(one.value);
      }
      this.#count(choice);
    }
  }

  *#changed() {
    for (const { key, default: first } of this.about.choices) {
      const value = this.#chosen[key].join(",");
      if (value !== first.join(",")) yield [key, value];
    }
  }

  #choice(choice) {
    if (choice.most === 1) {
      const select = h("select", { onchange: () => this.#choose(choice, [select.value]) }, ...choice.offered.map(({ value, name }) => h("option", { value }, name)));
      select.dataset.choice = choice.key;
      return h("label", {}, choice.name, " ", select);
    }
    const boxes = choice.offered.map(({ value, name }) => {
      const box = h("input", { type: "checkbox", value, onchange: () => this.#check(choice, boxes) });
      box.dataset.choice = choice.key;
      return h("label", { className: "check" }, box, name);
    });
    const summary = h("summary", {});
    summary.dataset.count = choice.key;
    return h("details", { className: "several" }, summary, h("div", { className: "boxes", role: "group", "aria-label": choice.name }, ...boxes));
  }

  #check(choice, boxes) {
    const values = boxes.map((label) => label.firstChild).filter((box) => box.checked).map((box) => box.value);
    if (!values.length) {
      tell(this.parts.result, say("panel_none_chosen"), "bad");
      return;
    }
    this.#choose(choice, values);
  }

  #choose(choice, values) {
    this.#chosen[choice.key] = values;
    this.#count(choice);
    this.onChoice();
  }

  #count(choice) {
    const summary = this.choices.querySelector(`[data-count="${choice.key}"]`);
    const values = { name: choice.name, count: this.#chosen[choice.key].length, all: choice.offered.length };
    if (summary) summary.textContent = say("panel_things_count").replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  #showState({ empty, old, newest }) {
    this.element.dataset.state = empty ? "empty" : old ? "old" : "drawn";
    showRows(this.state, [[empty, old, newest]], () =>
      h("span", { className: "facts count" }, ...(newest ? [h("span", {}, `${say("panel_newest")} `, aged(newest))] : []),
        ...(empty || old ? [h("span", { className: "note" }, say(empty ? "panel_empty" : "panel_old"))] : [])));
  }

  #failed(error) {
    this.element.dataset.state = "failed";
    tell(this.parts.result, error.message, "bad");
    if (!this.found) this.parts.words.textContent = "";
  }

  #title() {
    return [document.querySelector("h1").textContent, this.about.title, this.found.range.shown, ...this.badges()].join(" · ");
  }

  #fileName() {
    const day = (text) => text.replace(/\D/g, "").slice(0, 8);
    return `${this.about.key}_${day(this.found.range.from)}-${day(this.found.range.to)}`;
  }
}
