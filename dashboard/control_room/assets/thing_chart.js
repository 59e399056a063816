// The chart of one property over a span. Property and span stand in the page's address, so that a link shares the view.

import { ask, element, Refused, tell } from "./asking.js";
import { Chart } from "./chart.js";
import { h } from "./page.js";
import { offerPinning } from "./pin.js";
import { instant, local, RangeBar } from "./range_bar.js";
import { inTime, replay } from "./replay_clock.js";

const AGAIN_MS = 60_000;
const SOON_MS = 10_000;
const LINE = 0; // traces of raw values, as dashboard/figures/series.py says
const DOUBTS = 1;
const DOUBTFUL = 3;

export class ThingChart {
  property = null;
  #found = null;
  #asked = 0;
  #soon = null;
  #offered = "";

  constructor(thing, { onProperty, onDrawn }) {
    this.thing = thing;
    this.onProperty = onProperty;
    this.onDrawn = onDrawn;
    this.bar = new RangeBar({ onGo: () => this.#went(), resultId: "chart-result" });
    this.chart = new Chart(
      {
        plot: element("plot"), words: element("chart-words"), scale: element("scale"), details: element("table-details"), heads: element("table-heads"),
        rows: element("table-rows"), csv: element("csv"), excel: element("excel"), copy: element("copy"), png: element("png"), result: "chart-result",
      },
      {
        titled: () => this.#title(), fileName: () => this.#fileName(),
        link: () => new URL(`?${this.#query(this.bar.fixed)}`, location.href).href, onZoom: (change) => this.bar.dragged(change),
      },
    );
    element("copy").parentElement.append(offerPinning(() => (this.property ? { kind: "series", thing, property: this.property } : null)));
    this.#readAddress();
    element("property").addEventListener("change", () => this.choose(element("property").value));
    addEventListener("popstate", () => {
      this.bar.readAddress();
      this.#readAddress();
      this.load();
    });
    setInterval(() => !replay && this.bar.live && this.load(), AGAIN_MS);
  }

  // What can be drawn; the first is it unless the address says another.
  offer(series) {
    const seen = JSON.stringify(series.map((one) => [one.property, one.name]));
    if (seen === this.#offered) return;
    this.#offered = seen;
    element("property").replaceChildren(...series.map((one) => h("option", { value: one.property }, one.name)));
    if (!this.property && series.length) this.property = series[0].property;
    element("property").value = this.property;
  }

  choose(property) {
    this.property = property;
    element("property").value = property;
    this.#went();
  }

  async load() {
    if (!this.property) return;
    const mine = ++this.#asked;
    tell("chart-result", ""); // now, not when the answer comes: what was said meanwhile stays
    try {
      const found = await ask(`/things/${encodeURIComponent(this.thing)}/series?${this.#query()}`);
      if (mine !== this.#asked) return;
      this.#found = found;
      this.#show();
      await this.chart.draw();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (mine === this.#asked) tell("chart-result", error.message, "bad");
    }
  }

  // Values that just came, of this Thing.
  extend(items) {
    const fresh = items.filter((item) => item.property === this.property);
    const plot = element("plot");
    if (!fresh.length || !this.bar.live) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      this.load();
    }, SOON_MS);
    if (this.#found.step !== "raw" || !plot.data) return;
    for (const [trace, wanted] of [[LINE, (q) => q < DOUBTFUL], [DOUBTS, (q) => q >= DOUBTFUL]]) {
      const points = fresh.filter((item) => wanted(item.quality));
      if (!points.length) continue;
      globalThis.Plotly.extendTraces(plot, { x: [points.map((item) => local(item.time))], y: [points.map((item) => item.result)] }, [trace]);
    }
    const end = Math.max(Date.now(), ...fresh.map((item) => Date.parse(item.time)));
    const length = instant(this.#found.range.to) - instant(this.#found.range.from);
    globalThis.Plotly.relayout(plot, { "xaxis.range": [local(end - length), local(end)] });
  }

  #readAddress() {
    this.property = new URLSearchParams(location.search).get("property") || this.property;
    if (this.property) element("property").value = this.property;
  }

  #query(view = this.bar.view) {
    return inTime(new URLSearchParams({ property: this.property, ...view }));
  }

  // Elsewhere in time; where one was stays in the browser's history.
  #went() {
    history.pushState(null, "", `?${this.#query()}`);
    return this.load();
  }

  #show() {
    this.bar.show(this.#found.range);
    this.onProperty(this.property, this.#found.name);
    this.onDrawn();
    this.chart.show(this.#found, `/ops/api/things/${encodeURIComponent(this.thing)}/series.csv?${this.#query()}`);
    element("compare").href = `/ops/explore?${new URLSearchParams({ series: `${this.thing}:${this.property}`, ...this.bar.view })}`;
    const other = document.querySelector(".controls a[hreflang]");
    other.href = `${other.pathname}?${this.#query()}&lang=${other.hreflang}`;
  }

  #title() {
    const simulated = [...element("badges").children].map((badge) => badge.textContent);
    return [document.querySelector("h1").textContent, this.#found.name, this.#found.range.shown, ...simulated].join(" · ");
  }

  #fileName() {
    const day = (text) => text.replace(/\D/g, "").slice(0, 8);
    return `${this.thing}_${this.property}_${day(this.#found.range.from)}-${day(this.#found.range.to)}`;
  }
}
