// The panel of one Thing: how it is, its values, its bays, its last 24 hours. Kept live.

import { drawSeries } from "../chart.js";
import { bandOf, isSimulated, isSummary } from "../city.js";
import { age, ageSeconds, dayEndingAt, geoLink, number, time, unit } from "../format.js";
import { alertLines } from "./alerts.js";
import { isCitizenReport, reportPart } from "./citizen_report.js";
import { focusedOn, h, inLanguage, labelOf, language, nameOf, orElse, remarkOn, t } from "./element.js";
import { fetchJson, lastDay } from "./history.js";
import { NOTHING, closedWords, headlineText, methodOf } from "./list.js";
import { canBeGoneTo } from "./places.js";
import { swatch } from "./swatch.js";

const DAY_MS = 86400000;
const DAY_S = 86400;
const SELF = new Set(["battery", "rssi"]); // about the device, not about the city
const GOOD = 1;
const SUSPECT = 3;
const MISSING = 9; // said before, and no longer: its inputs were not enough
const BAY_SIGN = { free: "○", occupied: "●", unknown: "?", out_of_service: "✕" };

export class Detail {
  constructor(element, { onClose, onChart }) {
    this._feature = null;
    this._chart = null; // {thing, property, points, streamId}
    this._bays = [];
    this.element = element;
    element.tabIndex = -1;
    this.onClose = onClose;
    this.onChart = onChart;
    addEventListener("keydown", (event) => event.key === "Escape" && this._feature && onClose());
    if (window.ResizeObserver) new ResizeObserver(() => this._chart && this._chart.points && this._draw()).observe(element);
  }

  async show(feature, city, alerts) {
    this._feature = feature;
    this._chart = null;
    this._bays = [];
    this.element.hidden = !feature;
    document.body.classList.toggle("has-detail", Boolean(feature));
    if (!feature) return;
    this.element.replaceChildren(...this._parts(feature, city, alerts));
    const property = this._firstProperty(feature, city);
    if (property) this._choose(city, feature.id, property);
    if (feature.properties.capacity !== undefined) this._loadBays(feature, city);
  }

  // After snapshots or alerts were loaded anew.
  refresh(city, alerts) {
    const feature = this._feature && city.get(this._feature.id);
    if (!feature) return;
    this._feature = feature;
    this._fill(city, alerts);
    if (feature.properties.capacity !== undefined) this._loadBays(feature, city);
  }

  // Live values: the table and the chart move at once.
  take(items, city) {
    if (!this._feature) return;
    const id = this._feature.id;
    for (const item of items) {
      if (this._chart && this._chart.points && item.thing === this._chart.thing && item.property === this._chart.property) {
        this._chart.points = [...this._chart.points.filter((p) => p.time !== item.time), item];
        this._draw();
      }
    }
    if (items.some((item) => item.thing === id)) this._fill(city);
  }

  setAlerts(alerts, city) {
    if (this._feature) this._fillAlerts(alerts, city);
  }

  passTime(city) {
    if (this._feature) this._fill(city);
  }

  // Whether the chart has a simulated value, which may be older than all that the map shows.
  get anySimulated() {
    return Boolean(this._chart && this._chart.points && this._chart.points.some(isSimulated));
  }

  _firstProperty(feature, city) {
    const keys = told(feature);
    const { headline } = city.domains.get(feature.domain);
    return keys.includes(headline) ? headline : keys.find((key) => !SELF.has(key)) || keys[0];
  }

  _parts(feature, city, alerts) {
    const p = feature.properties;
    this.status = h("p", { class: "status" });
    this.otherScale = h("p", {});
    this.scales = h("details", { class: "scales", hidden: true }, h("summary", {}, t("us_aqi_same_hour")), this.otherScale,
      h("p", {}, h("strong", {}, document.querySelector("#aqi-why summary").textContent)), ...[...document.querySelectorAll("#aqi-why p")].map((part) => part.cloneNode(true)));
    this.alerts = h("div", { class: "own-alerts" });
    this.report = h("div", {});
    this.values = h("tbody", {});
    this.valuesTable = h("table", { class: "values" }, h("caption", {}, t("values")), this.values);
    this.derived = h("tbody", {});
    this.derivedPart = h("details", { class: "derived", hidden: true }, h("summary", {}, t("derived_values")),
      h("table", { class: "values" }, this.derived));
    this.ahead = h("tbody", {});
    this.aheadTable = h("table", { class: "values forecasts", hidden: true }, h("caption", {}, t("forecast_highest")), this.ahead);
    this.bays = h("div", { class: "bays" });
    this.chooser = h("select", { id: "chart-property", onchange: () => this._choose(city, feature.id, this.chooser.value) });
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
      this.status, this.scales, this.alerts,
      isCitizenReport(feature) ? this.report : tellMeLink(feature, city),
      p.capacity === undefined ? null : this.bays,
      this.chartPart,
      this.aheadTable,
      p.capacity === undefined && !isCitizenReport(feature) ? this.valuesTable : null,
      this.derivedPart,
      wayTo(feature),
      pageLink(city, feature),
      h("p", { class: "trust", "data-trust": p.coordinate_trust }, t(`place_${p.coordinate_trust}`)),
    ].filter(Boolean);
    this._fill(city, alerts);
    return parts;
  }

  _fill(city, alerts) {
    const feature = this._feature;
    const p = feature.properties;
    const domain = city.domains.get(feature.domain);
    const said = headlineText(city, domain, feature);
    this.status.replaceChildren(
      swatch(domain.map.shape, p.color, { dashed: p.state !== "live", faint: p.state === "never" }),
      said === NOTHING ? "" : p.level === null ? h("span", { class: "muted" }, ` ${said}`) : h("strong", {}, ` ${said}`),
      h("strong", {}, ` ${labelOf(feature)} `),
      h("span", { class: "muted" }, [inLanguage(domain.name), p.time ? age(ageSeconds(p.time), language) : ""].filter(Boolean).join(" · ")),
      p.closed ? h("strong", { class: "no-entry" }, closedWords(city, feature)) : "",
    );
    if (isCitizenReport(feature)) this._fillReport(feature);
    if (alerts) this._fillAlerts(alerts, city);
    const keys = told(feature).sort((a, b) => order(domain, a) - order(domain, b));
    const row = (key) => this._row(city, feature, key, p.values[key]);
    const isExtra = (key) => (domain.properties[key] || {}).derived && key !== domain.headline;
    const own = keys.filter((key) => !isExtra(key)).map(row);
    const extra = keys.filter((key) => isExtra(key) && !isCountedAbove(domain, feature, key)).map(row);
    this.values.replaceChildren(...(own.length ? own : [h("tr", {}, h("td", {}, t("no_values")))]));
    this.derived.replaceChildren(...extra);
    this.derivedPart.hidden = extra.length === 0;
    this._fillScales(city, feature);
    this._fillChooser(city, keys);
    this._fillAhead(city, feature);
    if (p.capacity !== undefined) this._fillBays(city);
  }

  // Beside VN_AQI the US index of the same hour, if there is one, and why other sites say another number.
  _fillScales(city, feature) {
    const { vn_aqi: own, us_aqi: other } = feature.properties.values;
    const domain = city.domains.get(feature.domain);
    this.scales.hidden = domain.headline !== "vn_aqi" || !own || own.quality === MISSING;
    if (this.scales.hidden) return;
    const isSame = other && Date.parse(other.time) === Date.parse(own.time) && other.quality < SUSPECT;
    const said = isSame ? `${classed(city.property(feature.domain, "us_aqi"), other.result)} · ${time(other.time, language)}` : t("us_aqi_none");
    if (this.otherScale.textContent !== said) this.otherScale.textContent = said;
  }

  // What may come, and never as if it were there: a table of its own, with the time and the interval.
  _fillAhead(city, feature) {
    const ahead = Object.entries(feature.properties.forecasts || {}).filter(([, value]) => Date.parse(value.time) > Date.now());
    this.aheadTable.hidden = ahead.length === 0;
    this.ahead.replaceChildren(...ahead.map(([key, value]) => {
      const observed = city.property(feature.domain, key);
      const interval = value.low === null || value.high === null ? null
        : `${Math.round((value.level || 0) * 100)} % ${t("forecast_within")} ${text(observed, value.low)} – ${text(observed, value.high)}`;
      const notes = [time(value.time, language), interval, provenance(value), value.model, `${t("forecast_issued")} ${time(value.issued, language)}`];
      return h("tr", {},
        h("th", { scope: "row" }, observed ? inLanguage(observed.name) : key),
        h("td", {}, h("span", { class: "value" }, text(observed, value.result)), h("span", { class: "note" }, notes.filter(Boolean).join(" · "))));
    }));
  }

  // What is the same stays: a picture is not fetched anew.
  _fillReport(feature) {
    const made = reportPart(feature);
    if (!made.isEqualNode(this.report.firstChild)) this.report.replaceChildren(made);
  }

  _fillAlerts(alerts, city) {
    const own = alerts.filter((alert) => alert.thing === this._feature.id);
    this.alerts.replaceChildren(...own.map((alert) => h("p", { class: "alert", "data-severity": alert.severity }, ...alertLines(alert, city))));
  }

  _row(city, feature, key, value) {
    const observed = city.property(feature.domain, key);
    const old = city.isStale(feature.domain, key, value);
    const notes = [
      isOfADay(observed) ? dayOf(value.time) : `${time(value.time, language)} (${age(ageSeconds(value.time), language)})`,
      old ? t(value.expires_at ? "by_centre_expired" : "old_data").toLowerCase() : null,
      observed && observed.derived && value.quality === GOOD ? null : t(`quality_${value.quality}`), // nothing checks what is derived
      provenance(value),
      method(observed, value),
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
  _fillChooser(city, keys) {
    const feature = this._feature;
    this.chooser.parentElement.hidden = keys.length < 2;
    if (keys.join() === [...this.chooser.options].map((option) => option.value).join()) return undefined;
    const name = (key) => { const o = city.property(feature.domain, key); return o ? inLanguage(o.name) : key; };
    const first = this._firstProperty(feature, city);
    const withdrawn = this._chart && this._chart.thing === feature.id && !keys.includes(this._chart.property);
    this.chooser.replaceChildren(...keys.map((key) => h("option", { value: key }, name(key))));
    if (withdrawn && first) return this._choose(city, feature.id, first);
    if (withdrawn) [this._chart, this.chartPart.hidden] = [null, true];
    return this._markChosen(this._chart && this._chart.property ? this._chart.property : first);
  }

  // A bay's chart is none of the point's quantities.
  _markChosen(property) {
    this.chooser.value = this._chart && this._chart.thing !== this._feature.id ? "" : property;
  }

  async _choose(city, thing, property) {
    const chart = { thing, property, city, domain: this._feature.domain, points: null };
    this._chart = chart;
    this.chartPart.hidden = false;
    this._markChosen(property);
    if (this._feature.properties.capacity !== undefined) this._fillBays(city);
    this.chartNote.textContent = t("chart_loading");
    try {
      const { points, intervalS } = await lastDay(thing, property);
      if (this._chart !== chart) return;
      [chart.points, chart.intervalS] = [points, intervalS];
      this._draw();
      this.onChart();
    } catch (error) {
      console.warn(error.message);
      if (this._chart === chart) {
        this.chartNote.textContent = t("chart_failed");
        this.chartBox.replaceChildren();
      }
    }
  }

  _draw() {
    const { points, city, domain, property, thing } = this._chart;
    const observed = city.property(domain, property) || {};
    const to = Date.now();
    const recent = points.filter((p) => Date.parse(p.time) > to - DAY_MS);
    const bay = this._bays.find((one) => one.id === thing);
    const name = observed.name ? inLanguage(observed.name) : property;
    this.chartTitle.textContent = `${t("last_day")}${bay ? `: ${nameOf(bay)}` : ""}`;
    this.chartNote.textContent = recent.length ? this._note(recent, observed) : t("chart_empty");
    if (!recent.length) return this.chartBox.replaceChildren();
    return drawSeries(this.chartBox, {
      points: recent,
      from: to - DAY_MS,
      to,
      language,
      decimals: orElse(observed.decimals, 1),
      symbol: unit(observed.symbol || "", language),
      boolean: Boolean(observed.boolean),
      bands: observed.bands,
      when: isOfADay(observed) ? dayOf : undefined,
      intervalS: this._chart.intervalS || observed.interval_s || 3600,
      label: `${name}, ${t("last_day")}`,
      words: { lowest: t("chart_lowest"), highest: t("chart_highest"), last: t("chart_last"), yes: t("yes"), no: t("no") },
    });
  }

  _note(points, observed) {
    const said = [observed.boolean ? "" : unit(observed.symbol || "", language), t("hanoi_time")].filter(Boolean).join(", ");
    return points.some((p) => p.quality >= 3) ? `${said}. ${t("chart_suspect")}` : said;
  }

  async _loadBays(feature, city) {
    try {
      const { features } = await fetchJson(`/api/v1/map/${feature.domain}.geojson?bays=1`);
      this._bays = features.filter((bay) => bay.properties.parent_id === feature.id);
    } catch (error) {
      console.warn(error.message);
    }
    if (this._feature && this._feature.id === feature.id) this._fillBays(city);
  }

  _fillBays(city) {
    const p = this._feature.properties;
    const focused = focusedOn("bay");
    const count = (key) => h("li", { "data-bay": key }, h("strong", {}, String(p[key])), ` ${t(`bay_${key}`)}`);
    const property = city.domains.get(this._feature.domain).headline;
    const bay = (one) => {
      const state = one.properties.bay_state;
      const seen = one.properties.time ? age(ageSeconds(one.properties.time), language) : t("no_data");
      const label = `${nameOf(one)}: ${t(`bay_${state}`)}, ${seen}`;
      return h("button", { type: "button", class: "bay", "data-bay": one.id, "data-state": state, title: label, "aria-label": label, "aria-pressed": String(Boolean(this._chart) && this._chart.thing === one.id), onclick: () => this._choose(city, one.id, property) },
        h("span", { "aria-hidden": "true" }, BAY_SIGN[state]), h("small", { "aria-hidden": "true" }, one.id.split("-").pop().replace(/^b0?/, "")));
    };
    this.bays.replaceChildren(
      h("ul", { class: "counts" }, ...["free", "occupied", "unknown", "out_of_service", "capacity"].map(count)),
      this._bays.length && !this._chart ? h("p", { class: "muted" }, t("bay_hint")) : "",
      h("div", { class: "bay-grid" }, ...this._bays.map(bay)),
    );
    const again = focused && this.bays.querySelector(`button[data-bay="${CSS.escape(focused)}"]`);
    if (again) again.focus();
  }
}

// To the page of its own, which can be shared and has its history.
function pageLink(city, feature) {
  const { pages } = city.domains.get(feature.domain);
  if (!pages || isCitizenReport(feature)) return null;
  return h("p", { class: "page-link" }, h("a", { href: pages[language] + (feature.properties.thing || feature.id) }, t("page_link")));
}

// To be told of it, where something is offered; the form itself is loaded when it is wanted.
function tellMeLink(feature, city) {
  const { subscription } = city.domains.get(feature.domain);
  if (!subscription || feature.properties.kind === "extent") return null;
  const box = h("div", { class: "tell-me" });
  const href = `${t("tell_me_href")}?thing=${encodeURIComponent(feature.id)}`;
  const open = async (event) => {
    event.preventDefault();
    try {
      await (await import("./tell_me.js")).tellMe(box, feature, subscription);
    } catch (error) {
      console.warn(error.message);
      location.assign(href);
    }
  };
  box.append(h("a", { class: "button", href, onclick: open }, t("tell_me")));
  return box;
}

// What a Thing says now; what was withdrawn it does not.
function told(feature) {
  return Object.entries(feature.properties.values).filter(([, value]) => value.quality !== MISSING).map(([key]) => key);
}

// A phone opens its own map; at a desk the position is there to read. What is made up is no place to go to: below it says so.
function wayTo(feature) {
  if (feature.geometry.type !== "Point") return null;
  const [lon, lat] = feature.geometry.coordinates;
  const way = canBeGoneTo(feature) ? h("a", { href: geoLink({ lat, lon }, nameOf(feature)) }, t("directions")) : null;
  return h("p", { class: "way" }, way, ` ${lat.toFixed(5)}, ${lon.toFixed(5)}`);
}

// The counts of a point stand live above; the derived ones of the moment are older and may differ. Those of a day may not.
function isCountedAbove(domain, feature, key) {
  return isSummary(domain, feature) && !isOfADay(domain.properties[key]);
}

// What somebody says once a day, such as a closed road, was so at its time.
function isOfADay(observed) {
  return Boolean(observed) && observed.derived && observed.interval_s === DAY_S;
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
  if (observed && observed.boolean) return t(result >= 0.5 ? "yes" : "no");
  return `${number(result, observed ? orElse(observed.decimals, 1) : 1, language)} ${unit(observed ? observed.symbol : "", language)}`.trim();
}

// An index or a level says little without the word of its class.
function classed(observed, result) {
  const band = observed && observed.derived && observed.bands && observed.bands.length ? bandOf(observed.bands, result) : null;
  return band ? `${text(observed, result)} – ${inLanguage(band.label)}` : text(observed, result);
}

// How a value came to be, where its source does not say it: by a formula, or by a sensor.
function method(observed, value) {
  if (observed && observed.derived) return methodOf(observed);
  return value.provenance === "measured" ? t("method_by_sensor") : null;
}

// Of a value by hand also until when it holds.
function provenance({ provenance: own, input_provenance: input, expires_at: expires }) {
  if (expires) return `${t("by_centre")} (${t("by_centre_until")} ${time(expires, language)})`;
  const said = t(`provenance_${own}`);
  return input ? `${said} (${t("from_inputs")} ${t(`provenance_${input}`)})` : said;
}
