// The city as a browser knows it: the map snapshots, kept up to date by live values and by the clock.
// Mirrors dashboard/condition.py, because ages grow while no server answers.

import { ageSeconds } from "./format.js";

const STALE_AFTER_INTERVALS = 3;
const SUSPECT = 3;
const FAIL = 4;
const CLASSES = new Set(["live", "stale", "never", "fault"]);

export class City {
  // `catalogue` is the answer of /api/v1/domains.
  constructor(catalogue, now = () => Date.now()) {
    this.now = now; // a map that is played back has another time
    this.features = new Map(); // id → feature, extents included
    this.setCatalogue(catalogue);
  }

  setCatalogue(catalogue) {
    this.domains = new Map(catalogue.items.map((domain) => [domain.key, domain]));
    this.states = catalogue.states;
    this.grey = catalogue.grey;
  }

  // Takes a snapshot (FeatureCollection of /api/v1/map/{domain}.geojson) as the truth about its domain.
  replace(collection) {
    for (const [id, feature] of this.features) if (feature.domain === collection.domain) this.features.delete(id);
    for (const feature of collection.features) {
      feature.domain = collection.domain;
      this.features.set(feature.id, feature);
    }
    this.grow(this.now());
  }

  // Features of a domain that look different, whole, and the ids of those that are gone.
  change({ domain, features, gone }) {
    for (const id of gone) this.features.delete(id);
    for (const feature of features) this.features.set(feature.id, { ...feature, domain });
  }

  of(domainKey) {
    return [...this.features.values()].filter((feature) => feature.domain === domainKey);
  }

  get(id) {
    return this.features.get(id);
  }

  // Live values. Returns {changed: features that look different, unseen: domains whose snapshot must be had anew}.
  apply(items) {
    const changed = new Set();
    const unseen = new Set();
    for (const item of items) {
      const feature = this.features.get(item.thing);
      if (feature && !isSummary(this.domains.get(item.domain), feature)) {
        this._take(feature, item);
        changed.add(feature);
      } else {
        unseen.add(item.domain); // a bay, which its point sums up, or a Thing that is new
      }
    }
    return { changed: [...changed], unseen: [...unseen] };
  }

  // Lets time pass; returns the features whose state changed by it.
  grow(now) {
    return [...this.features.values()].filter((feature) => {
      const before = looks(feature);
      this._classify(feature, now);
      return before !== looks(feature);
    });
  }

  property(domainKey, key) {
    const domain = this.domains.get(domainKey);
    return domain && domain.properties[key];
  }

  // The value that gives a Thing its colour, or null.
  headline(feature) {
    const domain = this.domains.get(feature.domain);
    return (domain && (feature.properties.values || {})[domain.headline]) || null;
  }

  // What closes a place: said by people, mostly until a time. Null: nothing does.
  closure(feature, now = this.now()) {
    const { closure } = this.domains.get(feature.domain).map;
    const value = closure && (feature.properties.values || {})[closure];
    if (!value || value.result < 0.5 || value.quality >= FAIL) return null;
    return this.isStale(feature.domain, closure, value, now) ? null : value;
  }

  anySimulated(domainKeys) {
    return [...this.features.values()].some((f) => f.properties.simulated && domainKeys.has(f.domain));
  }

  newestTime(domainKey) {
    const times = this.of(domainKey).map((f) => f.properties.time).filter(Boolean);
    return times.length ? times.reduce((a, b) => (Date.parse(a) > Date.parse(b) ? a : b)) : null;
  }

  isStale(domainKey, key, value, now = this.now()) {
    if (value.expires_at) return now >= Date.parse(value.expires_at); // by hand: until then, and no longer
    const observed = this.property(domainKey, key);
    return Boolean(observed) && ageSeconds(value.time, now) > STALE_AFTER_INTERVALS * observed.interval_s;
  }

  _take(feature, item) {
    const p = feature.properties;
    const observed = this.property(feature.domain, item.property);
    const { result, quality, time, provenance, input_provenance, expires_at } = item;
    p.values[item.property] = { result, quality, time, provenance, unit: observed ? observed.unit : "1" };
    if (input_provenance) p.values[item.property].input_provenance = input_provenance;
    if (expires_at) p.values[item.property].expires_at = expires_at;
    p.simulated = [...Object.values(p.values), ...Object.values(p.forecasts || {})].some(isSimulated);
    if (observed && !p.interval_s) p.interval_s = observed.interval_s;
    if (observed && !observed.derived && observed.interval_s === p.interval_s) p.time = time;
    this._classify(feature, this.now());
  }

  _classify(feature, now) {
    const p = feature.properties;
    if (!CLASSES.has(p.state) || p.state === "never" && !p.time) return;
    if (p.closed !== undefined) p.closed = this.closure(feature, now) !== null;
    if (this._isOld(feature, now)) return this._show(p, "stale", null, this._oldWord(this._telling(feature)));
    if (p.kind === "extent" || isSummary(this.domains.get(feature.domain), feature)) return;
    const report = Object.values(p.values).filter((value) => value.time === p.time);
    const headline = this.headline(feature);
    const telling = headline && headline.time === p.time ? [headline] : report;
    if (telling.length && telling.every((value) => value.quality >= FAIL)) {
      return this._show(p, "fault", null, this.states.fault);
    }
    this._show(p, "live", ...this._band(feature, headline, now));
  }

  _band(feature, headline, now) {
    const domain = this.domains.get(feature.domain);
    if (!headline) return [null, this.states.no_level];
    if (this.isStale(feature.domain, domain.headline, headline, now)) return [null, this._oldWord([headline])];
    if (headline.quality >= SUSPECT) return [null, this.states[headline.quality >= FAIL ? "fault" : "suspect"]];
    const band = bandOf(domain.properties[domain.headline].bands, headline.result);
    return [band, band ? band.label : this.states.no_level];
  }

  // The last report of what the Thing sends most often: by it a Thing is as old as it is.
  _telling(feature) {
    const p = feature.properties;
    return Object.entries(p.values || {})
      .filter(([key, value]) => value.time === p.time && intervalOf(this.property(feature.domain, key)) === p.interval_s)
      .map(([, value]) => value);
  }

  _isOld(feature, now) {
    const p = feature.properties;
    const byHand = this._telling(feature).filter((value) => value.expires_at);
    if (byHand.some((value) => now < Date.parse(value.expires_at))) return false;
    if (byHand.length && byHand.length === this._telling(feature).length) return true;
    return Boolean(p.interval_s) && ageSeconds(p.time, now) > STALE_AFTER_INTERVALS * p.interval_s;
  }

  _oldWord(values) {
    return values.length && values.every((value) => value.expires_at) ? this.states.expired : this.states.stale;
  }

  _show(p, state, band, label) {
    p.state = state;
    p.level = band ? band.level : null;
    p.color = band ? band.color : this.grey;
    p.label_vi = label.vi;
    p.label_en = label.en;
  }
}

const looks = ({ properties: p }) => `${p.state}${p.level}${p.closed}`;
const intervalOf = (observed) => observed && observed.interval_s;

export function bandOf(bands, value) {
  return bands.find((band) => band.below === null || value < band.below) || null;
}

export function isSimulated(value) {
  return value.provenance === "simulated" || value.input_provenance === "simulated";
}

// Whether the map itself sums a Thing's parts up, live.
export function isSummary(domain, feature) {
  return Boolean(domain && domain.map.summary) && feature.properties.capacity !== undefined;
}
