// The range of time that the charts of a page show: quick ranges, earlier and later, live, another one. It stands in the
// page's address, so that a link shares the view, and the browser's back button goes back.

import { element, Refused, showRows, tell, written } from "./asking.js";
import { h, say } from "./page.js";
import { replay } from "./replay_clock.js";

const ZONE = "Asia/Ho_Chi_Minh";
const FIRST = "24h";

// Hanoi's clock and back: it keeps one offset all year.
export const local = (at) => new Date(at).toLocaleString("sv-SE", { timeZone: ZONE }).replace(" ", "T");
export const instant = (text) => Date.parse(`${text}+07:00`);

export class RangeBar {
  view = {}; // {range} or {from, to}
  found = null; // what the server said of it
  #quick = FIRST;

  // `onGo()`: the range is another one, the address has to follow. What can't be is told at `resultId`.
  constructor({ onGo, resultId }) {
    this.onGo = onGo;
    this.resultId = resultId;
    this.readAddress();
    for (const button of element("spans").children) button.addEventListener("click", () => this.go({ range: button.dataset.span }));
    element("previous").addEventListener("click", () => this.go(this.found?.previous));
    element("next").addEventListener("click", () => this.go(this.found?.next));
    element("live").addEventListener("click", () => this.go(this.found?.live ? this.fixed : { range: this.#quick }));
    element("zoom-in").addEventListener("click", () => this.#zoom(0.5));
    element("zoom-out").addEventListener("click", () => this.#zoom(2));
    element("own").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#goToOwn();
    });
  }

  readAddress() {
    const asked = new URLSearchParams(location.search);
    this.view = asked.get("from") || asked.get("to") ? { from: asked.get("from") ?? "", to: asked.get("to") ?? "" } : { range: asked.get("range") || FIRST };
  }

  get live() {
    return Boolean(this.found?.live);
  }

  // Just this span, whatever the time is when somebody follows the link.
  get fixed() {
    return this.found ? { from: this.found.from, to: this.found.to } : this.view;
  }

  // By dragging over a chart; what a page set itself comes as one array.
  dragged(change) {
    const [from, to] = ["xaxis.range[0]", "xaxis.range[1]"].map((key) => change[key]);
    if (from && to) this.go({ from: from.slice(0, 19).replace(" ", "T"), to: to.slice(0, 19).replace(" ", "T") });
  }

  go(view) {
    if (!view) return;
    this.view = view;
    this.onGo();
  }

  show(range) {
    this.found = range;
    if (range.span) this.#quick = range.span;
    showRows(element("shown-range"), [[range.shown, range.live]], ([text, live]) =>
      h("span", { className: "facts" }, h("b", {}, text), h("span", { className: "pill", "data-kind": live && !replay ? "ok" : "off" }, say(live ? (replay ? "past_range" : "chart_live") : "range_fixed"))));
    for (const button of element("spans").children) button.setAttribute("aria-pressed", String(button.dataset.span === range.span));
    element("live").setAttribute("aria-pressed", String(range.live));
    element("next").disabled = !range.next;
  }

  #zoom(factor) {
    if (!this.found) return;
    const [start, end] = [instant(this.found.from), instant(this.found.to)];
    const half = ((end - start) / 2) * factor;
    const middle = (start + end) / 2;
    const last = Math.min(middle + half, Math.max(end, replay ? replay.at : Date.now())); // nothing is known of what is to come
    this.go({ from: local(last - 2 * half), to: local(last) });
  }

  #goToOwn() {
    try {
      const whole = (text, clock) => (text === null || text.includes("T") ? text ?? "" : `${text}T${clock}`);
      const from = whole(written(element("from").value), "00:00");
      const to = whole(written(element("to").value), "23:59:59");
      this.go({ from, to });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      tell(this.resultId, error.message, "bad");
    }
  }
}
