// Alerts on the map: at each place that has some a link to the worst, by shape, word and colour.

import { severitySign } from "./lists.js";
import { h } from "./page.js";

const SEVERITIES = ["critical", "warning", "info"];
const [NEAR_X, NEAR_Y] = [28, 26]; // pixels: closer ones could not be told apart, nor hit

// [{thing, worst, count, waits}] of alerts that fire, the queue's order kept: its first of a severity is the one to see to.
// `waits`: one of them at least is acknowledged by nobody.
export function byPlace(alerts) {
  const places = new Map();
  for (const alert of alerts.filter(({ state }) => state === "firing")) {
    const known = places.get(alert.thing);
    const worse = !known || SEVERITIES.indexOf(alert.severity) < SEVERITIES.indexOf(known.worst.severity);
    places.set(alert.thing, { thing: alert.thing, worst: worse ? alert : known.worst, count: (known?.count ?? 0) + 1, waits: Boolean(known?.waits) || !alert.acknowledged });
  }
  return [...places.values()];
}

// Those that would lie on each other are one, at the worst: [{x, y, worst, count, …}] → the same, fewer.
export function apart(places, scale) {
  const rank = ({ worst, waits }) => SEVERITIES.indexOf(worst.severity) + (waits ? 0 : 0.5);
  const found = [];
  for (const place of [...places].sort((a, b) => rank(a) - rank(b))) {
    const near = found.find(({ x, y }) => Math.abs(x - place.x) < scale * NEAR_X && Math.abs(y - place.y) < scale * NEAR_Y);
    if (near) Object.assign(near, { count: near.count + place.count, waits: near.waits || place.waits });
    else found.push({ ...place });
  }
  return found;
}

export class AlertMarks {
  #shown = new Map(); // thing → {key, remove}
  #places = [];

  // `placeOf(thing)` → [lat, lon], or null for what is not on the map now.
  constructor(marks, placeOf) {
    this.marks = marks;
    this.placeOf = placeOf;
    marks.leaflet.on("zoomend", () => this.show(this.#places));
  }

  show(places) {
    this.#places = places;
    const placed = places.map((place) => ({ ...place, at: this.placeOf(place.thing) })).filter(({ at }) => at);
    const onScreen = placed.map((place) => ({ ...place, ...this.marks.pixelOf(place.at) }));
    const wanted = new Map(apart(onScreen, this.marks.scale).map((place) => [place.thing, place]));
    for (const [thing, { remove }] of this.#shown) {
      if (wanted.has(thing)) continue;
      remove();
      this.#shown.delete(thing);
    }
    for (const place of wanted.values()) this.#put(place);
  }

  // Anew only when it looks different: focus stays where it is.
  #put({ thing, worst, count, waits, at }) {
    const key = JSON.stringify([at, worst.id, worst.severity, count, waits]);
    const known = this.#shown.get(thing);
    if (known?.key === key) return;
    known?.remove();
    this.#shown.set(thing, { key, remove: this.marks.pin(at, link(worst, count, waits)) });
  }
}

function link(alert, count, waits) {
  const more = count > 1 ? ` ×${count}` : "";
  const element = h("a", { href: `/ops/alerts/${alert.id}`, className: `alert-mark ${alert.severity}`, title: `${alert.title} · ${alert.place}` },
    severitySign(alert.severity), h("span", { className: "word" }, alert.severity_word + more, waits ? "" : " ✓"),
    h("span", { className: "unseen" }, `: ${alert.title}, ${alert.place}`));
  if (!waits) element.classList.add("seen-to");
  for (const type of ["mousedown", "pointerdown", "touchstart", "click", "dblclick"]) element.addEventListener(type, (event) => event.stopPropagation());
  return element;
}
