// The search for a street, a ward or a station, in this browser: what is typed is sent nowhere.

import { combobox } from "../combobox.js";
import { core, found } from "../finding.js";
import { h, inLanguage, nameOf } from "./element.js";
import { knownPlaces, loadPlaces } from "./places.js";

const MOST = 8;

export class Find {
  // `say(key)` → text; `onChoose(place)` with a place as /api/v1/places has it.
  constructor(say, onChoose) {
    this.say = say;
    this.onChoose = onChoose;
    this.places = knownPlaces();
    this.city = null;
    this.loading = null;
    const list = h("ul", { id: "find-found", "aria-label": say("find") });
    const said = h("span", { class: "hidden", role: "status" });
    this.input = h("input", { id: "find", type: "search", enterkeyhint: "search", maxlength: 80, onfocus: () => this.load() });
    this.element = h("div", { class: "find" }, h("label", { for: "find" }, say("find")), h("span", { class: "find-field" }, this.input, list), said);
    this.again = combobox({
      input: this.input,
      list,
      said,
      find: (typed) => found(this.known(), typed, MOST),
      lines: (place) => [h("span", {}, inLanguage(place.name)), h("small", {}, this.kindOf(place))],
      textOf: (place) => inLanguage(place.name),
      onChoose: (place) => onChoose(place),
      none: say("find_none"),
      coming: () => (this.places.length ? null : this.loading),
    });
  }

  // All places once a visit; tried again when somebody comes back to the field and there is none.
  load() {
    if (!this.loading) {
      this.loading = loadPlaces().then((places) => {
        if (places.length) this.places = places;
        else this.loading = null;
        this.again();
      });
    }
    return this.loading || Promise.resolve();
  }

  // Without the list of places, the stations of the map.
  known() {
    return this.places.length ? this.places : this.ofTheMap();
  }

  ofTheMap() {
    const features = this.city ? Array.from(this.city.features.values()) : [];
    return features.filter(({ geometry }) => geometry.type === "Point").map((feature) => {
      const { name_vi: vi, name_en: en } = feature.properties;
      const [lon, lat] = feature.geometry.coordinates;
      return { kind: "thing", id: feature.id, name: { vi, en }, location: { lat, lon }, domains: [feature.domain], core: core(nameOf(feature)), sought: core(`${vi} ${en} ${feature.id}`) };
    });
  }

  kindOf(place) {
    const domains = this.city ? place.domains.map((key) => this.city.domains.get(key)).filter(Boolean).map((domain) => inLanguage(domain.name)) : [];
    return [place.kind === "thing" && domains.length ? null : this.say(`kind_${place.kind}`)].concat(domains).filter(Boolean).join(" · ");
  }

  // For who would rather choose: every ward and commune by name.
  wards(onChoose) {
    const all = this.places.filter((place) => place.kind === "ward" && place.location);
    const byName = all.slice().sort((a, b) => (a.core < b.core ? -1 : 1));
    const select = h("select", { id: "find-ward", onchange: () => {
      const chosen = byName.find((place) => place.id === select.value);
      if (chosen) onChoose(chosen);
    } }, h("option", { value: "" }, this.say("find_ward_pick")), ...byName.map((place) => h("option", { value: place.id }, inLanguage(place.name))));
    return h("p", { class: "find-ward" }, h("label", { for: "find-ward" }, this.say("find_ward")), select);
  }
}
