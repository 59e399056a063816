// The fields of a place: typed, by ward, or picked on a map that opens below them.

import { createCityMap } from "../static/map.js";
import { Refused } from "./asking.js";
import { filled, h, language, number, say, setText } from "./page.js";

const DECIMALS = 5; // of degrees: about a metre

export class PlaceFields {
  #map = null;
  #mark = null;

  // `choices`: wards, trusts and tiles_url as /inventory/choices has them; `id`: what ids begin with.
  constructor(root, choices, id) {
    this.choices = choices;
    const option = ({ key, name }) => h("option", { value: key }, name);
    this.ward = h("select", { id: `${id}-ward` }, option({ key: "", name: "–" }), ...choices.wards.map((one) => option({ key: one.code, name: one.name })));
    this.lat = h("input", { id: `${id}-lat`, inputMode: "decimal", autocomplete: "off" });
    this.lon = h("input", { id: `${id}-lon`, inputMode: "decimal", autocomplete: "off" });
    this.trust = h("select", { id: `${id}-trust` }, ...choices.trusts.map(option));
    this.source = h("input", { id: `${id}-source`, maxLength: 200, autocomplete: "off" });
    this.said = h("p", { className: "muted", role: "status" });
    this.pick = h("button", { type: "button", onclick: () => this.#toggle() }, say("things_pick"));
    this.pick.setAttribute("aria-expanded", "false");
    this.canvas = h("div", { id: `${id}-map`, className: "pick-map", role: "application", "aria-label": say("map") });
    const middle = h("button", { type: "button", onclick: () => this.#take(this.#map.leaflet.getCenter()) }, say("things_pick_middle"));
    this.box = h("div", { className: "pick", hidden: true }, h("p", { className: "muted" }, say("things_pick_hint")), this.canvas, middle);
    const label = (key, field) => h("label", {}, say(key), field);
    root.append(
      label("things_by_ward", this.ward), h("div", { className: "pair" }, label("things_lat", this.lat), label("things_lon", this.lon)),
      h("div", { className: "buttons" }, this.pick), this.box, this.said,
      label("things_trust", this.trust), label("things_place_source", this.source));
    this.ward.addEventListener("change", () => this.#byWard());
    for (const field of [this.lat, this.lon]) field.addEventListener("input", () => this.#show());
    this.set(null);
  }

  // {lat, lon, trust, source} or null for none.
  set(place) {
    const written = (value) => (value === null || value === undefined ? "" : number(value, DECIMALS));
    this.lat.value = written(place?.lat);
    this.lon.value = written(place?.lon);
    this.trust.value = place?.trust ?? "M";
    this.source.value = place?.source ?? "";
    this.ward.value = "";
    this.#show();
  }

  // As the server takes it, null for none. Throws Refused for what is no coordinate.
  get() {
    if (!this.lat.value.trim() && !this.lon.value.trim()) return null;
    const place = this.#typed();
    if (!place) throw new Refused(say("things_degrees"), "place");
    return { lat: place[0], lon: place[1], trust: this.trust.value, source: this.source.value };
  }

  #typed() {
    const [lat, lon] = [this.lat, this.lon].map((field) => Number(field.value.trim().replace(",", ".") || NaN));
    return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? [lat, lon] : null;
  }

  #byWard() {
    const ward = this.choices.wards.find((one) => one.code === this.ward.value);
    if (!ward) return;
    this.lat.value = number(ward.lat, DECIMALS);
    this.lon.value = number(ward.lon, DECIMALS);
    this.trust.value = "M";
    this.source.value = filled("things_source_ward", { ward: ward.name });
    this.#show();
  }

  #take({ lat, lng }) {
    this.lat.value = number(lat, DECIMALS);
    this.lon.value = number(lng, DECIMALS);
    this.source.value = say("things_source_map");
    this.trust.value = "M";
    this.ward.value = "";
    this.#show();
  }

  #show() {
    const place = this.#typed();
    const ward = place && this.#nearest(place);
    setText(this.said, !place ? say("things_no_place") : ward ? filled("things_in_ward", { ward: ward.name }) : say("things_no_ward"));
    if (this.#map) this.#marked(place);
  }

  // As storage/wards.py: by the nearest centre, none farther than 0.2 degrees.
  #nearest([lat, lon]) {
    const squeeze = Math.cos((lat * Math.PI) / 180);
    const far = (one) => Math.hypot(one.lat - lat, (one.lon - lon) * squeeze);
    const ward = this.choices.wards.reduce((best, one) => (far(one) < far(best) ? one : best));
    return far(ward) <= 0.2 ? ward : null;
  }

  #toggle() {
    this.box.hidden = !this.box.hidden;
    this.pick.setAttribute("aria-expanded", String(!this.box.hidden));
    if (this.box.hidden) return;
    this.#map ??= this.#made();
    this.#map.refit();
    this.#marked(this.#typed(), true);
  }

  #made() {
    const map = createCityMap(this.canvas, {
      basemap: "/ops/api/basemap.geojson", tiles: this.choices.tiles_url, attribution: say("attribution"),
      zoomIn: say("zoom_in"), zoomOut: say("zoom_out"),
    });
    map.leaflet.on("click", (event) => this.#take(event.latlng));
    return map;
  }

  #marked(place, go = false) {
    this.#mark?.remove();
    this.#mark = null;
    if (!place) return;
    this.#mark = globalThis.L.circleMarker(place, { radius: 9, weight: 3, color: "#ffffff", fillColor: "#0b7bd0", fillOpacity: 1 }).addTo(this.#map.leaflet);
    if (go) this.#map.leaflet.setView(place, 15, { animate: false });
  }
}

// Boxes to tick, one a property; `ticked()` are their keys.
export class Checks {
  constructor(root) {
    this.root = root;
  }

  offer(items, ticked = []) {
    const box = (one) => h("label", { className: "check" }, h("input", { type: "checkbox", value: one.key, checked: ticked.includes(one.key) }), one.name);
    this.root.replaceChildren(...(items.length ? items.map(box) : [h("span", { className: "muted", lang: language }, "–")]));
  }

  ticked() {
    return [...this.root.querySelectorAll("input:checked")].map((box) => box.value);
  }
}
