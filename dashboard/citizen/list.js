// Everything that is on the map as tables, for people who do not use the map. The first ones stand in the page
// (citizen/first_page.py); what comes later is written into these same rows.

import { age, ageSeconds, number, time, unit } from "../format.js";
import { plain } from "../plain.js";
import { h, inLanguage, labelOf, language, nameOf, orElse, t } from "./element.js";
import { paint, swatch } from "./swatch.js";

const SUSPECT = 3;
export const NOTHING = "–"; // in place of a value
const NUMBER = /\d+/g;

// As words.place_order: point 2 before point 10, diacritics aside.
export const placeOrder = (name) => plain(name).replace(NUMBER, (found) => found.padStart(8, "0"));

export class PlaceList {
  // `onChoose(id)`: a place was pressed.
  constructor(element, onChoose) {
    this.element = element;
    this.onChoose = onChoose;
    this._tables = new Map(); // domain → table, also of one that is not shown now
    this._wanted = "";
    for (const table of element.querySelectorAll("table")) this._adopt(table);
  }

  get domains() {
    return [...this._tables.keys()];
  }

  // Of a place that has a row; otherwise undefined.
  domainOf(id) {
    return this.domains.find((key) => [...this._tables.get(key).tBodies[0].rows].some((row) => row.id === id));
  }

  // What is known of these domains now; tables of others stay as they are.
  show(city, keys) {
    for (const key of keys) this._fill(city, city.domains.get(key));
  }

  // Shows these domains' tables, in this order, and of them the places whose name has `search` in it.
  choose(visible, search) {
    this._wanted = plain(search);
    const shown = visible.filter((key) => this._tables.has(key) && this._narrow(this._tables.get(key)));
    const tables = shown.map((key) => this._tables.get(key));
    const quiet = tables.length ? [] : [this._nothing()];
    const focused = document.activeElement;
    if (!same([...this.element.children], [...tables, ...quiet])) {
      this.element.replaceChildren(...tables, ...quiet);
      if (focused && this.element.contains(focused)) focused.focus();
    }
  }

  // Ages grow, and what nothing new came of turns grey by itself.
  passTime(now) {
    for (const said of this.element.querySelectorAll("tbody time")) write(said, age(ageSeconds(said.dateTime, now), language));
    for (const row of this.element.querySelectorAll("tr[data-until]")) {
      if (now >= 1000 * Number(row.dataset.until)) this._turnGrey(row);
    }
  }

  // A row that a newer answer will write anew: until then it only grows old.
  _turnGrey(row) {
    const byHand = row.querySelector(".level small:not(.no-entry)");
    delete row.dataset.until;
    row.dataset.state = "stale";
    paint(row.querySelector(".swatch"), "#8A8F98");
    write(row.querySelector(".level > span").firstChild, t(byHand ? "expired" : "old_data"));
  }

  _nothing() {
    const any = [...this._tables.values()].some((table) => table.tBodies[0].rows.length);
    return h("p", { class: "quiet" }, t(any ? "list_none" : "list_none_city"));
  }

  _adopt(table) {
    this._tables.set(table.dataset.domain, table);
    for (const row of table.tBodies[0].rows) this._makePressable(row);
  }

  // Without a script a name is no button, because it could do nothing.
  _makePressable(row) {
    const name = row.querySelector(".name");
    const button = h("button", { type: "button", class: "name", "data-thing": row.id, onclick: () => this.onChoose(row.id) }, name.textContent);
    name.replaceWith(button);
  }

  // Returns whether any row is left.
  _narrow(table) {
    let left = 0;
    for (const row of table.tBodies[0].rows) {
      row.hidden = !plain(row.querySelector(".name").textContent).includes(this._wanted);
      if (!row.hidden) left += 1;
    }
    write(table.querySelector(".count"), ` ${left}`);
    return left > 0;
  }

  _fill(city, domain) {
    const features = city.of(domain.key).filter((feature) => feature.properties.kind !== "extent");
    features.sort((a, b) => compare(placeOrder(nameOf(a)), placeOrder(nameOf(b))));
    if (!this._tables.has(domain.key)) {
      if (!features.length) return;
      this._tables.set(domain.key, emptyTable(domain));
    }
    const body = this._tables.get(domain.key).tBodies[0];
    const rows = new Map([...body.rows].map((row) => [row.id, row]));
    features.forEach((feature, place) => {
      const row = rows.get(feature.id) || this._newRow(domain, feature);
      rows.delete(feature.id);
      if (body.rows[place] !== row) body.insertBefore(row, body.rows[place] || null);
      fillRow(city, domain, feature, row);
    });
    for (const gone of rows.values()) gone.remove();
  }

  _newRow(domain, feature) {
    const row = h("tr", { id: feature.id },
      h("th", { scope: "row" }, h("span", { class: "name" }, nameOf(feature))),
      h("td", {}),
      h("td", {}, h("span", { class: "level" }, swatch(domain.map.shape, feature.properties.color), h("span", {}, labelOf(feature)))),
      h("td", {}));
    this._makePressable(row);
    return row;
  }
}

function emptyTable(domain) {
  const heads = ["list_place", "list_value", "list_level", "list_age"].map((key) => h("th", { scope: "col" }, t(key)));
  return h("table", { id: `t-${domain.key}`, "data-domain": domain.key },
    h("caption", {}, inLanguage(domain.name), h("span", { class: "count" }), h("small", { class: "method" }, methodLine(domain))),
    h("thead", {}, h("tr", {}, ...heads)),
    h("tbody", {}));
}

function methodLine(domain) {
  const headline = domain.properties[domain.headline];
  const scale = unit(headline.symbol, language);
  return `${inLanguage(headline.name)}${scale ? `, ${scale}` : ""} · ${methodOf(headline)}`;
}

// How a property's values come to be.
export function methodOf(observed) {
  return observed.method ? inLanguage(observed.method) : t(observed.derived ? "method_derived" : "method_sensor");
}

function fillRow(city, domain, feature, row) {
  const p = feature.properties;
  const headline = city.headline(feature);
  const [name, value, level, when] = row.cells;
  delete row.dataset.until;
  mark(row, "state", p.state);
  mark(row, "quality", headline && headline.quality >= SUSPECT && p.capacity === undefined ? String(headline.quality) : undefined);
  write(name.firstElementChild, nameOf(feature));
  write(value, headlineText(city, domain, feature));
  paint(level.querySelector(".swatch"), p.color);
  const said = level.querySelector(".level > span");
  write(said.firstChild, labelOf(feature));
  setSmall(said, byCentre(headline));
  setSmall(said, closedWords(city, feature), "no-entry");
  fillWhen(when, p, headline);
}

function fillWhen(cell, p, headline) {
  if (!p.time) {
    write(cell, "–");
    return;
  }
  let said = cell.querySelector("time");
  if (!said) {
    said = h("time", {});
    cell.replaceChildren(said);
  }
  if (said.dateTime !== p.time) said.dateTime = p.time;
  write(said, age(ageSeconds(p.time), language));
  setSmall(cell, sourceOf(p, headline));
}

// Where a place's value comes from: of a point its bays, of an indicator also its inputs.
function sourceOf(p, headline) {
  if (p.capacity !== undefined || !headline) return t(p.simulated ? "provenance_simulated" : "provenance_measured");
  const own = t(`provenance_${headline.provenance}`);
  return headline.input_provenance ? `${own} · ${t(`provenance_${headline.input_provenance}`)}` : own;
}

// Who says so, where it was not a sensor, and until when.
function byCentre(headline) {
  const expires = headline && headline.expires_at;
  return expires ? `${t("by_centre")} ${t("by_centre_until")} ${time(expires, language)}` : "";
}

// That it is closed, who says so and until when; empty when it is not.
export function closedWords(city, feature) {
  const value = city.closure(feature);
  if (!value) return "";
  const observed = city.property(feature.domain, city.domains.get(feature.domain).map.closure);
  const who = byCentre(value) || t(`provenance_${value.provenance}`);
  return `${inLanguage(observed.name)} (${who})`;
}

export function headlineText(city, domain, feature) {
  const p = feature.properties;
  if (p.capacity !== undefined) return `${p.free} / ${p.capacity} ${t("bay_free")}`;
  const value = city.headline(feature);
  if (!value) return NOTHING;
  const { decimals, symbol } = domain.properties[domain.headline];
  return `${number(value.result, orElse(decimals, 1), language)} ${unit(symbol, language)}`.trim();
}

function setSmall(parent, text, name = "") {
  let small = [...parent.querySelectorAll("small")].find((one) => one.className === name);
  if (!text) {
    if (small) small.remove();
    return;
  }
  if (!small) {
    small = h("small", { class: name || null });
    parent.append(small);
  }
  write(small, text);
}

// Only what differs is touched: nothing flashes, nothing is laid out anew.
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function mark(row, name, value) {
  if (value === undefined) delete row.dataset[name];
  else if (row.dataset[name] !== value) row.dataset[name] = value;
}

const same = (a, b) => a.length === b.length && a.every((one, i) => one === b[i]);
const compare = (a, b) => (a < b ? -1 : Number(a > b));
