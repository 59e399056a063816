// The map of all domains: layers to switch, a list to find a place by keyboard, live marks, marks with alerts.

import { City } from "../static/city.js";
import { core } from "../static/finding.js";
import { createCityMap } from "../static/map.js";
import { css } from "../static/tokens.js";
import { AlertMarks, byPlace } from "./alert_marks.js";
import { calm, h, language, now, number, say } from "./page.js";
import { Search } from "./search.js";
import { drawMark } from "./tiles.js";

const CATALOGUE = "/ops/api/domains";
const mapOf = (domain) => `/ops/api/map/${domain}.geojson`;
const SNAPSHOT_EVERY_MS = 60_000;
const SUMMARY_EVERY_MS = 3_000;
const RELOAD_AFTER_MS = 1_000;
const WORDS_FROM_ZOOM = 12; // of alerts that are not critical: from afar they would cover each other

export class RoomMap {
  #hidden = new Set();
  #alerts = []; // by place
  #alerted = new Map(); // thing → severity
  #asked = new Map(); // domain → when its snapshot was asked for
  #due = new Set();
  #reloading = null;

  static async create(element, options) {
    return new RoomMap(element, await fetchJson(CATALOGUE), options);
  }

  // `scale`: of the marks, for screens that are looked at from afar.
  // `past`: it is played back; then `replaceAll` and `change` bring what is shown, and nothing is asked for.
  constructor(element, catalogue, { layers, find, onSelect, scale, past = false }) {
    this.city = new City(catalogue, now);
    this.layers = layers;
    this.find = h("select", { id: "find-place", onchange: () => this.#found() });
    new Search(find, { things: () => this.#things(), onChoose: (id) => this.focus(id) });
    find.append(h("label", { htmlFor: "find-place" }, say("find")), this.find);
    this.marks = createCityMap(element, {
      basemap: "/ops/api/basemap.geojson",
      tiles: catalogue.tiles_url,
      attribution: say("attribution"),
      zoomIn: say("zoom_in"),
      zoomOut: say("zoom_out"),
      scale,
      onSelect: (id) => {
        this.find.value = id ?? "";
        onSelect(id);
      },
    });
    const far = () => element.classList.toggle("far", this.marks.leaflet.getZoom() < WORDS_FROM_ZOOM);
    this.marks.leaflet.on("zoomend", far);
    far();
    this.alertMarks = new AlertMarks(this.marks, (thing) => this.#placeOf(thing));
    new ResizeObserver(() => this.marks.refit()).observe(element);
    this.#showLayers();
    if (past) return;
    setInterval(() => this.marks.update(this.city.grow(now())), 10_000);
    setInterval(() => this.reload(), SNAPSHOT_EVERY_MS);
  }

  shapeOf(domain) {
    return this.city.domains.get(domain)?.map.shape;
  }

  // All places that are shown in sight.
  showAll() {
    this.marks.refit();
    const shown = [...this.city.features.values()].filter(({ domain }) => !this.#hidden.has(domain));
    const points = shown.filter((feature) => feature.geometry.type === "Point");
    const places = points.map(({ geometry: { coordinates: [lon, lat] } }) => [lat, lon]);
    if (places.length) this.marks.leaflet.fitBounds(places, { padding: [24, 24], maxZoom: 14, animate: false });
  }

  // Everything anew: at the start, after an interruption, and now and then.
  async reload() {
    await Promise.all([...this.city.domains.keys()].map((domain) => this.#snapshot(domain)));
    this.#showPlaces();
  }

  // After a Thing was made, moved or retired.
  reloadSoon() {
    clearTimeout(this.#reloading);
    this.#reloading = setTimeout(() => this.reload().catch(() => {}), RELOAD_AFTER_MS); // the page says who does not answer
  }

  replaceAll(collections) {
    for (const collection of collections) {
      this.city.replace(collection);
      this.#draw(collection.domain);
    }
    this.#showPlaces();
  }

  change(changes) {
    for (const one of changes) {
      this.city.change(one);
      this.#draw(one.domain);
    }
  }

  // A domain may have been added while the page was open.
  async know(domains) {
    if (domains.every((domain) => this.city.domains.has(domain))) return;
    this.city.setCatalogue(await fetchJson(CATALOGUE));
    this.#showLayers();
    await this.reload();
  }

  apply(items) {
    const { changed, unseen } = this.city.apply(items);
    this.marks.update(changed.filter((feature) => !this.#hidden.has(feature.domain)));
    unseen.forEach((domain) => this.#snapshotSoon(domain));
  }

  setAlerts(alerts) {
    this.#alerts = byPlace(alerts);
    const before = this.#alerted;
    this.#alerted = new Map(this.#alerts.map(({ thing, worst }) => [thing, worst.severity]));
    const differs = [...before.keys(), ...this.#alerted.keys()].filter((id) => before.get(id) !== this.#alerted.get(id));
    this.marks.update(differs.map((id) => this.city.get(id)).filter(Boolean));
    this.alertMarks.show(this.#alerts);
  }

  // The layer of one domain, or (null) all of them.
  showOnly(domain) {
    for (const key of this.city.domains.keys()) this.#toggle(key, domain === null || key === domain);
  }

  focus(id) {
    const feature = this.city.get(id);
    if (feature && this.#hidden.has(feature.domain)) this.#toggle(feature.domain, true);
    this.marks.focus(id);
  }

  async #snapshot(domain) {
    this.#asked.set(domain, Date.now());
    this.#due.delete(domain);
    this.city.replace(await fetchJson(mapOf(domain)));
    this.#draw(domain);
  }

  // Values of bays come often, and each changes only its point's sum.
  #snapshotSoon(domain) {
    if (this.#due.has(domain) || !this.city.domains.has(domain)) return;
    this.#due.add(domain);
    const wait = Math.max(0, (this.#asked.get(domain) ?? 0) + SUMMARY_EVERY_MS - Date.now());
    setTimeout(() => this.#snapshot(domain).catch(() => this.#due.delete(domain)), wait);
  }

  #draw(domain) {
    if (this.#hidden.has(domain)) {
      this.marks.remove(domain);
      return this.alertMarks.show(this.#alerts);
    }
    this.marks.setFeatures(domain, this.city.of(domain), {
      shape: this.shapeOf(domain),
      text: (feature) => this.#textOf(feature),
      alerted: (feature) => this.#alerted.get(feature.id),
    });
    this.alertMarks.show(this.#alerts);
  }

  // Where a Thing stands on the map as it is shown now, or null.
  #placeOf(thing) {
    const feature = this.city.get(thing);
    if (!feature || this.#hidden.has(feature.domain) || feature.geometry.type !== "Point") return null;
    const [lon, lat] = feature.geometry.coordinates;
    return [lat, lon];
  }

  #things() {
    return [...this.city.features.values()].filter(({ properties }) => properties.kind !== "extent").map((feature) => {
      const { name_vi: vi, name_en: en } = feature.properties;
      const domain = this.city.domains.get(feature.domain).name[language];
      const name = feature.properties[`name_${language}`];
      return { id: feature.id, name, domain, core: core(name), sought: core(`${name} ${vi} ${en} ${feature.id}`) };
    });
  }

  #textOf(feature) {
    if (feature.properties.capacity !== undefined) return String(feature.properties.free);
    const headline = this.city.headline(feature);
    if (!headline) return "";
    const { decimals } = this.city.domains.get(feature.domain).properties[this.city.domains.get(feature.domain).headline];
    return number(headline.result, Math.min(decimals, Math.abs(headline.result) < 10 ? 1 : 0));
  }

  #showLayers() {
    this.layers.replaceChildren(
      ...[...this.city.domains.values()].map((domain) => {
        const mark = h("canvas", { width: 40, height: 40, className: "mark", "aria-hidden": "true" });
        drawMark(mark, domain.map.shape, css("--mark-grey"));
        const box = h("input", {
          type: "checkbox",
          checked: !this.#hidden.has(domain.key),
          onchange: (event) => this.#toggle(domain.key, event.target.checked),
        });
        box.dataset.domain = domain.key;
        return h("label", {}, box, mark, domain.name[language]);
      }),
    );
  }

  #toggle(domain, shown) {
    if (shown) this.#hidden.delete(domain);
    else this.#hidden.add(domain);
    const box = this.layers.querySelector(`input[data-domain="${domain}"]`);
    if (box) box.checked = shown;
    this.#draw(domain);
  }

  #showPlaces() {
    const chosen = this.find.value;
    const groups = [...this.city.domains.values()].map((domain) => {
      const places = this.city.of(domain.key).filter((feature) => feature.properties.kind !== "extent");
      const named = places.map((feature) => [feature.properties[`name_${language}`], feature.id]);
      named.sort(([a], [b]) => a.localeCompare(b, language));
      return h("optgroup", { label: domain.name[language] }, ...named.map(([name, value]) => h("option", { value }, name)));
    });
    this.find.replaceChildren(h("option", { value: "" }, say("choose")), ...groups);
    this.find.value = chosen;
  }

  #found() {
    if (this.find.value) this.focus(this.find.value);
    else this.marks.select(null);
  }
}

export async function fetchJson(url) {
  const answer = await fetch(url);
  if (answer.status === 401) throw new LoggedOut();
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const found = await answer.json();
  await calm();
  return found;
}

export class LoggedOut extends Error {}
