// The panel of one Thing: how it is, its values, its bays, its last 24 hours. Kept live.

import { drawSeries } from "../chart.js";
import { bandOf, isSimulated, isSummary } from "../city.js";
import { age, ageSeconds, dayEndingAt, number, time, unit } from "../format.js";
import { alertLines } from "./alerts.js";
import { isCitizenReport, reportPart } from "./citizen_report.js";
import { h, inLanguage, labelOf, language, nameOf, remarkOn, t } from "./element.js";
import { fetchJson, lastDay } from "./history.js";
import { swatch } from "./swatch.js";

const DAY_MS = 86_400_000;
const DAY_S = 86_400;
const SELF = new Set(["battery", "rssi"]); // about the device, not about the city
const GOOD = 1;
const MISSING = 9; // said before, and no longer: its inputs were not enough
const BAY_SIGN = { free: "○", occupied: "●", unknown: "?", out_of_service: "✕" };

export class Detail {
  #feature = null;
  #chart = null; // {thing, property, points, streamId}
  #bays = [];

  constructor(element, { onClose, onChart }) {
    this.element = element;
    element.tabIndex = -1;
    this.onClose = onClose;
    this.onChart = onChart;
    addEventListener("keydown", (event) => event.key === "Escape" && this.#feature && onClose());
    new ResizeObserver(() => this.#chart?.points && this.#draw()).observe(element);
  }

  async show(feature, city, alerts) {
    this.#feature = feature;
    this.#chart = null;
    this.#bays = [];
    this.element.hidden = !feature;
    document.body.classList.toggle("has-detail", Boolean(feature));
    if (!feature) return;
    this.element.replaceChildren(...this.#parts(feature, city, alerts));
    const property = this.#firstProperty(feature, city);
    if (property) this.#choose(city, feature.id, property);
    if (feature.properties.capacity !== undefined) this.#loadBays(feature, city);
  }

  // After snapshots or alerts were loaded anew.
  refresh(city, alerts) {
    const feature = this.#feature && city.get(this.#feature.id);
    if (!feature) return;
    this.#feature = feature;
    this.#fill(city, alerts);
    if (feature.properties.capacity !== undefined) this.#loadBays(feature, city);
  }

  // Live values: the table and the chart move at once.
  take(items, city) {
    if (!this.#feature) return;
    const id = this.#feature.id;
    for (const item of items) {
      if (this.#chart?.points && item.thing === this.#chart.thing && item.property === this.#chart.property) {
        this.#chart.points = [...this.#chart.points.filter((p) => p.time !== item.time), item];
        this.#draw();
      }
    }
    if (items.some((item) => item.thing === id)) this.#fill(city);
  }

  setAlerts(alerts, city) {
    if (this.#feature) this.#fillAlerts(alerts, city);
  }

  passTime(city) {
    if (this.#feature) this.#fill(city);
  }

  // Whether the chart has a simulated value, which may be older than all that the map shows.
  get anySimulated() {
    return Boolean(this.#chart?.points?.some(isSimulated));
  }

  #firstProperty(feature, city) {
    const keys = told(feature);
    const { headline } = city.domains.get(feature.domain);
    return keys.includes(headline) ? headline : keys.find((key) => !SELF.has(key)) ?? keys[0];
  }

  #parts(feature, city, alerts) {
    const p = feature.properties;
    this.status = h("p", { class: "status" });
    this.alerts = h("div", { class: "own-alerts" });
    this.values = h("tbody", {});
    this.valuesTable = h("table", { class: "values" }, h("caption", {}, t("values")), this.values);
    this.derived = h("tbody", {});
    this.derivedPart = h("details", { class: "derived", hidden: true }, h("summary", {}, t("derived_values")),
      h("table", { class: "values" }, this.derived));
    this.ahead = h("tbody", {});
    this.aheadTable = h("table", { class: "values forecasts", hidden: true }, h("caption", {}, t("forecast_highest")), this.ahead);
    this.bays = h("div", { class: "bays" });
    this.chooser = h("select", { id: "chart-property", onchange: () => this.#choose(city, feature.id, this.chooser.value) });
    this.chartBox = h("div", { class: "chart-box" });
    this.chartNote = h("p", { class: "chart-note", role: "status" });
    this.chartTitle = h("h3", {}, t("last_day"));
    this.chartPart = h("div", { class: "chart-part", hidden: true },
      this.chartTitle,
      h("label", { class: "chooser" }, h("span", {}, t("chart_property")), this.chooser),
      this.chartBox, this.chartNote);
    const parts = [
      h("div", { class: "detail-head" },
        h("h2", { id: "detail-name" }, nameOf(feature)),
        h("button", { type: "button", class: "close", "aria-label": t("close"), onclick: this.onClose }, "✕")),
      this.status, this.alerts,
      isCitizenReport(feature) ? reportPart(feature) : null,
      p.capacity === undefined ? null : this.bays,
      this.chartPart,
      this.aheadTable,
      p.capacity === undefined && !isCitizenReport(feature) ? this.valuesTable : null,
      this.derivedPart,
      h("p", { class: "trust", "data-trust": p.coordinate_trust }, t(`place_${p.coordinate_trust}`)),
    ].filter(Boolean);
    this.#fill(city, alerts);
    return parts;
  }

  #fill(city, alerts) {
    const feature = this.#feature;
    const p = feature.properties;
    const domain = city.domains.get(feature.domain);
    this.status.replaceChildren(
      swatch(domain.map.shape, p.color, { dashed: p.state !== "live", faint: p.state === "never" }),
      h("strong", {}, ` ${labelOf(feature)} `),
      h("span", { class: "muted" }, [inLanguage(domain.name), p.time ? age(ageSeconds(p.time), language) : ""].filter(Boolean).join(" · ")),
    );
    if (alerts) this.#fillAlerts(alerts, city);
    const keys = told(feature).sort((a, b) => order(domain, a) - order(domain, b));
    const row = (key) => this.#row(city, feature, key, p.values[key]);
    const isExtra = (key) => domain.properties[key]?.derived && key !== domain.headline;
    const own = keys.filter((key) => !isExtra(key)).map(row);
    const extra = keys.filter((key) => isExtra(key) && !isCountedAbove(domain, feature, key)).map(row);
    this.values.replaceChildren(...(own.length ? own : [h("tr", {}, h("td", {}, t("no_values")))]));
    this.derived.replaceChildren(...extra);
    this.derivedPart.hidden = extra.length === 0;
    this.#fillChooser(city, keys);
    this.#fillAhead(city, feature);
    if (p.capacity !== undefined) this.#fillBays(city);
  }

  // What may come, and never as if it were there: a table of its own, with the time and the interval.
  #fillAhead(city, feature) {
    const ahead = Object.entries(feature.properties.forecasts ?? {}).filter(([, value]) => Date.parse(value.time) > Date.now());
    this.aheadTable.hidden = ahead.length === 0;
    this.ahead.replaceChildren(...ahead.map(([key, value]) => {
      const observed = city.property(feature.domain, key);
      const interval = value.low === null || value.high === null ? null
        : `${Math.round((value.level ?? 0) * 100)} % ${t("forecast_within")} ${text(observed, value.low)} – ${text(observed, value.high)}`;
      const notes = [time(value.time, language), interval, provenance(value), value.model, `${t("forecast_issued")} ${time(value.issued, language)}`];
      return h("tr", {},
        h("th", { scope: "row" }, observed ? inLanguage(observed.name) : key),
        h("td", {}, h("span", { class: "value" }, text(observed, value.result)), h("span", { class: "note" }, notes.filter(Boolean).join(" · "))));
    }));
  }

  #fillAlerts(alerts, city) {
    const own = alerts.filter((alert) => alert.thing === this.#feature.id);
    this.alerts.replaceChildren(...own.map((alert) => h("p", { class: "alert", "data-severity": alert.severity }, ...alertLines(alert, city))));
  }

  #row(city, feature, key, value) {
    const observed = city.property(feature.domain, key);
    const old = city.isStale(feature.domain, key, value);
    const notes = [
      isOfADay(observed) ? dayOf(value.time) : `${time(value.time, language)} (${age(ageSeconds(value.time), language)})`,
      old ? t(value.expires_at ? "by_centre_expired" : "old_data").toLowerCase() : null,
      observed?.derived && value.quality === GOOD ? null : t(`quality_${value.quality}`), // nothing checks what is derived
      provenance(value),
    ].filter(Boolean);
    const remark = remarkOn(key);
    return h("tr", { "data-stale": String(old), "data-quality": value.quality },
      h("th", { scope: "row" }, observed ? inLanguage(observed.name) : key),
      h("td", {},
        h("span", { class: "value" }, classed(observed, value.result)),
        h("span", { class: "note" }, notes.join(" · ")),
        remark ? h("span", { class: "note" }, remark) : null));
  }

  // A choice that somebody may have open is left alone while the same values are told.
  #fillChooser(city, keys) {
    const feature = this.#feature;
    this.chooser.parentElement.hidden = keys.length < 2;
    if (keys.join() === [...this.chooser.options].map((option) => option.value).join()) return undefined;
    const name = (key) => { const o = city.property(feature.domain, key); return o ? inLanguage(o.name) : key; };
    const first = this.#firstProperty(feature, city);
    const withdrawn = this.#chart?.thing === feature.id && !keys.includes(this.#chart.property);
    this.chooser.replaceChildren(...keys.map((key) => h("option", { value: key }, name(key))));
    if (withdrawn && first) return this.#choose(city, feature.id, first);
    if (withdrawn) [this.#chart, this.chartPart.hidden] = [null, true];
    return this.#markChosen(this.#chart?.property ?? first);
  }

  // A bay's chart is none of the point's quantities.
  #markChosen(property) {
    this.chooser.value = this.#chart && this.#chart.thing !== this.#feature.id ? "" : property;
  }

  async #choose(city, thing, property) {
    const chart = { thing, property, city, domain: this.#feature.domain, points: null };
    this.#chart = chart;
    this.chartPart.hidden = false;
    this.#markChosen(property);
    if (this.#feature.properties.capacity !== undefined) this.#fillBays(city);
    this.chartNote.textContent = t("chart_loading");
    try {
      const { points, intervalS } = await lastDay(thing, property);
      if (this.#chart !== chart) return;
      [chart.points, chart.intervalS] = [points, intervalS];
      this.#draw();
      this.onChart();
    } catch (error) {
      console.warn(error.message);
      if (this.#chart === chart) {
        this.chartNote.textContent = t("chart_failed");
        this.chartBox.replaceChildren();
      }
    }
  }

  #draw() {
    const { points, city, domain, property, thing } = this.#chart;
    const observed = city.property(domain, property);
    const to = Date.now();
    const recent = points.filter((p) => Date.parse(p.time) > to - DAY_MS);
    const bay = this.#bays.find((one) => one.id === thing);
    const name = observed ? inLanguage(observed.name) : property;
    this.chartTitle.textContent = `${t("last_day")}${bay ? `: ${nameOf(bay)}` : ""}`;
    this.chartNote.textContent = recent.length ? this.#note(recent, observed) : t("chart_empty");
    if (!recent.length) return this.chartBox.replaceChildren();
    return drawSeries(this.chartBox, {
      points: recent,
      from: to - DAY_MS,
      to,
      language,
      decimals: observed?.decimals ?? 1,
      symbol: unit(observed?.symbol ?? "", language),
      boolean: observed?.boolean ?? false,
      bands: observed?.bands,
      when: isOfADay(observed) ? dayOf : undefined,
      intervalS: this.#chart.intervalS ?? observed?.interval_s ?? 3600,
      label: `${name}, ${t("last_day")}`,
      words: { lowest: t("chart_lowest"), highest: t("chart_highest"), last: t("chart_last"), yes: t("yes"), no: t("no") },
    });
  }

  #note(points, observed) {
    const said = [observed?.boolean ? "" : unit(observed?.symbol ?? "", language), t("hanoi_time")].filter(Boolean).join(", ");
    return points.some((p) => p.quality >= 3) ? `${said}. ${t("chart_suspect")}` : said;
  }

  async #loadBays(feature, city) {
    try {
      const { features } = await fetchJson(`/api/v1/map/${feature.domain}.geojson?bays=1`);
      this.#bays = features.filter((bay) => bay.properties.parent_id === feature.id);
    } catch (error) {
      console.warn(error.message);
    }
    if (this.#feature?.id === feature.id) this.#fillBays(city);
  }

  #fillBays(city) {
    const p = this.#feature.properties;
    const focused = document.activeElement?.dataset?.bay;
    const count = (key) => h("li", { "data-bay": key }, h("strong", {}, String(p[key])), ` ${t(`bay_${key}`)}`);
    const property = city.domains.get(this.#feature.domain).headline;
    const bay = (one) => {
      const state = one.properties.bay_state;
      const seen = one.properties.time ? age(ageSeconds(one.properties.time), language) : t("no_data");
      const label = `${nameOf(one)}: ${t(`bay_${state}`)}, ${seen}`;
      return h("button", { type: "button", class: "bay", "data-bay": one.id, "data-state": state, title: label, "aria-label": label, "aria-pressed": String(this.#chart?.thing === one.id), onclick: () => this.#choose(city, one.id, property) },
        h("span", { "aria-hidden": "true" }, BAY_SIGN[state]), h("small", { "aria-hidden": "true" }, one.id.split("-").at(-1).replace(/^b0?/, "")));
    };
    this.bays.replaceChildren(
      h("ul", { class: "counts" }, ...["free", "occupied", "unknown", "out_of_service", "capacity"].map(count)),
      this.#bays.length && !this.#chart ? h("p", { class: "muted" }, t("bay_hint")) : "",
      h("div", { class: "bay-grid" }, ...this.#bays.map(bay)),
    );
    if (focused) this.bays.querySelector(`button[data-bay="${CSS.escape(focused)}"]`)?.focus();
  }
}

// What a Thing says now; what was withdrawn it does not.
function told(feature) {
  return Object.entries(feature.properties.values).filter(([, value]) => value.quality !== MISSING).map(([key]) => key);
}

// The counts of a point stand live above; the derived ones of the moment are older and may differ. Those of a day may not.
function isCountedAbove(domain, feature, key) {
  return isSummary(domain, feature) && !isOfADay(domain.properties[key]);
}

function isOfADay(observed) {
  return observed?.interval_s === DAY_S;
}

function dayOf(at) {
  return `${t("day_of")} ${dayEndingAt(at, language)}`;
}

function order(domain, key) {
  if (key === domain.headline) return -1;
  const place = Object.keys(domain.properties).indexOf(key);
  return SELF.has(key) ? 1000 + place : place;
}

function text(observed, result) {
  if (observed?.boolean) return t(result >= 0.5 ? "yes" : "no");
  return `${number(result, observed?.decimals ?? 1, language)} ${unit(observed?.symbol ?? "", language)}`.trim();
}

// An index or a level says little without the word of its class.
function classed(observed, result) {
  const band = observed?.derived && observed.bands?.length ? bandOf(observed.bands, result) : null;
  return band ? `${text(observed, result)} – ${inLanguage(band.label)}` : text(observed, result);
}

// Of a value by hand also until when it holds.
function provenance({ provenance: own, input_provenance: input, expires_at: expires }) {
  if (expires) return `${t("by_centre")} (${t("by_centre_until")} ${time(expires, language)})`;
  const said = t(`provenance_${own}`);
  return input ? `${said} (${t("from_inputs")} ${t(`provenance_${input}`)})` : said;
}
