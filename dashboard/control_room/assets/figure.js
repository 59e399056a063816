// The last 24 hours of the selected Thing. Dash draws it when something is chosen; live values are appended here.

import { h, language, now, say } from "./page.js";

const DAY_MS = 86_400_000;
const OCCUPANCY = "occupancy";

// Plotly knows no time zones: it gets Hanoi's clock, as dashboard/figures/last_day.py does.
const local = (at) => new Date(at).toLocaleString("sv-SE", { timeZone: "Asia/Ho_Chi_Minh" });

export class ThingFigure {
  thing = null;

  constructor(chooser) {
    this.choice = h("select", { id: "property", onchange: () => this.#ask() });
    chooser.append(h("label", { htmlFor: "property" }, say("property")), this.choice);
  }

  // Nothing is shown for `thing` null.
  show(city, thing) {
    this.thing = thing;
    const feature = thing === null ? undefined : city.get(thing);
    if (feature) this.#offer(city, feature);
    this.#ask();
  }

  extend(items) {
    const plot = document.querySelector("#thing-figure .js-plotly-plot"); // Dash may have replaced it
    const fresh = items.filter((i) => i.thing === this.thing && i.property === this.choice.value && i.quality < 3);
    if (!fresh.length || !plot?.data?.length || !globalThis.Plotly) return;
    const points = { x: [fresh.map((item) => local(item.time))], y: [fresh.map((item) => item.result)] };
    globalThis.Plotly.extendTraces(plot, points, [0]);
    globalThis.Plotly.relayout(plot, { "xaxis.range": [local(now() - DAY_MS), local(now())] });
  }

  #offer(city, feature) {
    const domain = city.domains.get(feature.domain);
    const summed = feature.properties.capacity !== undefined;
    const known = Object.keys(domain.properties).filter((key) => key in (feature.properties.values ?? {}));
    const keys = summed ? [OCCUPANCY] : known.length ? known : [domain.headline];
    const name = (key) => (key === OCCUPANCY ? say(OCCUPANCY) : domain.properties[key].name[language]);
    this.choice.replaceChildren(...keys.map((value) => h("option", { value }, name(value))));
    this.choice.value = keys.includes(domain.headline) ? domain.headline : keys[0];
  }

  #ask() {
    const data = this.thing === null ? null : { thing: this.thing, property: this.choice.value };
    globalThis.dash_clientside.set_props("selected", { data });
  }
}
