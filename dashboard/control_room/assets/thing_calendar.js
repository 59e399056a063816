// A year of days, one cell a day: how complete the property that is drawn was. Arrow keys move over the days.

import { ask, element, Refused, showRows } from "./asking.js";
import { h, language, say, setText } from "./page.js";

const STEPS = { ArrowLeft: -7, ArrowRight: 7, ArrowUp: -1, ArrowDown: 1 };
const MONDAY = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;

const locale = { vi: "vi-VN", en: "en-GB" }[language];
const weekday = (n) => new Date(MONDAY + n * DAY_MS).toLocaleDateString(locale, { weekday: "short", timeZone: "UTC" });
const month = (iso) =>
  language === "vi" ? `T${Number(iso.slice(5, 7))}` : new Date(`${iso}T00:00Z`).toLocaleDateString(locale, { month: "short", timeZone: "UTC" });

export class ThingCalendar {
  #property = null;
  #found = null;

  constructor(thing) {
    this.thing = thing;
    element("calendar-details").addEventListener("toggle", () => this.#showTable());
  }

  async show(property, name) {
    if (property === this.#property) return;
    this.#property = property;
    try {
      const found = await ask(`/things/${encodeURIComponent(this.thing)}/days?property=${encodeURIComponent(property)}`);
      if (property !== this.#property) return;
      this.#found = found;
      this.#draw(found.weeks);
      setText(element("calendar-of"), name);
      setText(element("calendar-words"), found.words ?? say("calendar_none"));
      setText(element("calendar-readout"), "");
      this.#showTable();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#property = null; // asked for again with the next drawing
      setText(element("calendar-words"), error.message);
    }
  }

  #draw(weeks) {
    const days = []; // cells by day, in order of time
    const rows = [0, 1, 2, 3, 4, 5, 6].map((n) => h("tr", {}, h("th", { scope: "row" }, n % 2 ? "" : weekday(n))));
    for (const week of weeks) {
      week.forEach((cell, n) => {
        const drawn = cell ? this.#cell(cell, days) : h("td", { className: "outside", role: "gridcell" });
        rows[n].append(drawn);
      });
    }
    rows.forEach((row, n) => n % 2 && row.firstChild.replaceWith(h("td", { className: "outside", role: "gridcell" })));
    const months = weeks.map((week) => {
      const first = week.find((cell) => cell?.day.endsWith("-01"));
      return first ? h("th", { scope: "col" }, month(first.day)) : h("td", { className: "outside", role: "gridcell" });
    });
    const head = h("thead", {}, h("tr", {}, h("td", { className: "outside", role: "gridcell" }), ...months));
    const grid = h("table", { role: "grid", "aria-labelledby": "calendar-title" }, head, h("tbody", {}, ...rows));
    grid.addEventListener("keydown", (event) => this.#move(event, days));
    days.at(-1).tabIndex = 0;
    const scroll = element("calendar-scroll");
    scroll.replaceChildren(grid);
    scroll.scrollLeft = scroll.scrollWidth; // the newest days
  }

  #cell({ level, label }, days) {
    const cell = h("td", { className: "day", role: "gridcell", tabIndex: -1, "aria-label": label });
    cell.dataset.level = level ?? "none";
    const read = () => setText(element("calendar-readout"), label);
    cell.addEventListener("pointerenter", read);
    cell.addEventListener("focus", read);
    cell.addEventListener("click", () => this.#focus(cell, days));
    days.push(cell);
    return cell;
  }

  #move(event, days) {
    const at = days.indexOf(document.activeElement);
    const to = { Home: 0, End: days.length - 1 }[event.key] ?? at + STEPS[event.key];
    if (at < 0 || Number.isNaN(to) || !days[to]) return;
    event.preventDefault();
    this.#focus(days[to], days);
  }

  #focus(cell, days) {
    for (const one of days) one.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #showTable() {
    if (!element("calendar-details").open || !this.#found) return;
    const { heads, rows } = this.#found;
    showRows(element("calendar-heads"), heads, (text) => h("th", { scope: "col", className: text === heads[0] ? "" : "number" }, text));
    showRows(element("calendar-rows"), rows, (cells) =>
      h("tr", {}, ...cells.map((text, n) => (n ? h("td", { className: "number" }, text) : h("th", { scope: "row" }, text)))));
    for (const row of element("calendar-rows").rows) [...row.cells].forEach((cell, n) => (cell.dataset.label = heads[n]));
  }
}
