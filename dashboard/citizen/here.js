// 'Around me': the air, floods, rain, the lake and parking around where somebody is or means, from what the page has.
// The place itself is in no request; of the nearest stations the last day is asked for, as by anybody who opens them.

import { drawSeries } from "../chart.js";
import { bandOf, isSimulated } from "../city.js";
import { age, ageSeconds, geoLink, inkOn, number, time, unit } from "../format.js";
import { FLOOD_M, changeInAnHour, deepestLately, floodedSince, floods, minutesOnFoot, nearest, parkings, passability, payLink } from "./around.js";
import { h, inLanguage, labelOf, language, nameOf, settings, t } from "./element.js";
import { Find } from "./find.js";
import { fetchJson, lastDay } from "./history.js";
import { closedWords } from "./list.js";
import { SLOTS, canBeGoneTo, devicePosition, forgetPlace, isSensitive, nearestWard, savePlace, savedPlaces, setSensitive } from "./places.js";

const AGAIN_MS = 5000;
const DRAWN_EVERY_MS = 5000;
const HISTORY_EVERY_MS = 120000;
const DAY_MS = 86400000;
const CARDS = ["air", "flood", "rain", "lake", "parking"];
const STATIONS = 3;
const PARKINGS = 5;
const GREY = { color: "var(--surface-3)", ink: "var(--stale)" };

export class Here {
  // `onOpen(id)` opens a Thing; `onChange()` is told when a history came that may be simulated; `onWanted()` brings the
  // whole city, then `refresh(city)` is called.
  constructor(element, { onOpen, onChange, onWanted }) {
    Object.assign(this, { element, onOpen, onChange, onWanted });
    this.city = null;
    this.place = null; // {kind: me | saved | ward | street | thing, name: {vi, en} | null, lat, lon, accuracy}
    this.histories = new Map(); // "thing property" → {asked: ms, points | null, intervalS}
    this.tariffs = new Map(); // point → {properties, bays} | "loading" | "failed"
    this.opened = new Set(); // "tariff ltk-01", "way ltk-01"
    this.bays = new Map(); // point → the bay that is chosen
    this.drawnAt = 0;
    this.pressed = false; // what is pressed stays under the pointer
    element.addEventListener("pointerdown", () => { this.pressed = true; });
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => setTimeout(() => { this.pressed = false; }));
    this.built = this.start();
  }

  async start() {
    while (!this.words) {
      try {
        this.words = await fetchJson(`${settings.assets}/citizen/here-${language}.json`);
      } catch (error) {
        console.warn(error.message);
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    }
    this.build();
    this.draw();
    if (SLOTS.some((slot) => savedPlaces()[slot])) this.want();
  }

  async want() {
    await this.onWanted();
    this.draw();
  }

  say(key, values = {}) {
    return this.words.texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  build() {
    const say = (key) => this.say(key);
    this.find = new Find(say, (place) => this.choose(place));
    this.find.city = this.city;
    this.find.input.addEventListener("focus", () => this.want()); // what is found is shown also when the connection goes meanwhile
    this.me = h("button", { type: "button", id: "here-me", "aria-describedby": "here-hint", onclick: () => this.locate() }, h("span", { "aria-hidden": "true" }, "◎ "), say("me"));
    this.chips = h("ul", { class: "chips", "aria-label": say("saved"), hidden: true });
    this.said = h("p", { id: "here-said", role: "status" });
    this.wards = h("div", {});
    this.view = h("div", { id: "here-view", tabindex: -1, role: "region", "aria-labelledby": "here-name", hidden: true });
    this.heading = h("h3", { id: "here-name" });
    this.from = h("p", { class: "note" });
    this.slots = h("p", { class: "slots" }, h("span", {}, `${say("save_as")}: `), ...SLOTS.map((slot) => h("button", { type: "button", "data-slot": slot, onclick: () => this.save(slot) }, say(slot))), h("small", {}, ` ${say("saved_where")}`));
    this.cards = {};
    for (const key of CARDS) this.cards[key] = h("div", {});
    this.chart = h("div", { class: "chart-box", hidden: true });
    this.others = h("div", {});
    this.sensitive = h("input", { type: "checkbox", onchange: () => {
      setSensitive(this.sensitive.checked);
      this.draw();
    } });
    this.sensitive.checked = isSensitive();
    const card = (key, ...more) => h("section", { class: "here-card", "data-card": key, "aria-labelledby": `here-${key}` }, h("h4", { id: `here-${key}` }, say(key)), this.cards[key], ...more);
    this.view.append(
      h("div", { class: "here-head" }, h("div", {}, this.heading, this.from), h("button", { type: "button", class: "close", "aria-label": say("close"), onclick: () => this.close() }, "✕")),
      this.slots,
      h("div", { class: "here-cards" },
        card("air", this.chart, h("label", { class: "sensitive" }, this.sensitive, h("span", {}, say("air_sensitive"))), this.others),
        ...CARDS.slice(1).map((key) => card(key))),
      h("p", { class: "note" }, say("distances")));
    this.element.textContent = ""; // what stood here before this script came, as large
    this.element.append(
      h("h2", { class: "hidden", id: "here-title" }, say("title")),
      this.chips,
      h("div", { class: "here-bar" }, this.me, this.find.element),
      h("p", { class: "note", id: "here-hint" }, say("me_hint")),
      this.said, this.wards, this.view);
    this.element.setAttribute("aria-labelledby", "here-title");
    new ResizeObserver(() => this.drawChart()).observe(this.chart.parentElement);
    addEventListener("load", () => this.find.load());
    if (document.readyState === "complete") this.find.load();
  }

  // After snapshots came or time passed: often, drawn now and then.
  refresh(city, now = Date.now()) {
    this.city = city;
    if (!this.view || this.pressed || (now - this.drawnAt < DRAWN_EVERY_MS && this.find.city)) return;
    this.draw();
  }

  get anySimulated() {
    return Array.from(this.histories.values()).some(({ points }) => Boolean(points) && points.some(isSimulated));
  }

  async locate() {
    this.said.textContent = this.say("me_asking");
    try {
      const at = await devicePosition();
      this.said.textContent = "";
      this.wards.textContent = "";
      this.show(Object.assign({ kind: "me", name: null }, at));
      this.find.load().then(() => this.draw()); // the name of the ward
    } catch (error) {
      await this.find.load();
      this.said.textContent = this.say(`no_${error.message}`);
      this.wards.textContent = "";
      this.wards.append(this.find.wards((place) => this.choose(place)));
    }
  }

  // A street, ward or station that was found. A station of the map opens as it does there.
  async choose(place) {
    this.said.textContent = "";
    if (place.kind === "thing") {
      await this.want();
      if (this.city.get(place.id)) return this.onOpen(place.id);
    }
    if (!place.location) return undefined;
    return this.show({ kind: place.kind, name: place.name, lat: place.location.lat, lon: place.location.lon });
  }

  // The ward whose centre is nearest; null: far from all of them, undefined: their list has not come.
  async wardAt(at) {
    await this.find.load();
    return this.find.places.length ? nearestWard(this.find.places, at) : undefined;
  }

  show(place) {
    this.place = place;
    this.opened.clear();
    this.view.hidden = false;
    this.draw();
    this.want();
    this.view.scrollTop = 0;
    this.view.focus({ preventScroll: true });
    if (this.view.scrollIntoView) this.view.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.place = null;
    this.view.hidden = true;
    this.me.focus();
  }

  save(slot) {
    const { kind, name, lat, lon } = this.place;
    const done = savePlace(slot, { kind: kind === "me" ? "saved" : kind, name, lat, lon });
    this.said.textContent = done ? this.say("saved_said", { name: this.say(slot) }) : this.say("save_failed");
    this.drawChips();
  }

  forget(slot) {
    forgetPlace(slot);
    this.said.textContent = this.say("forgotten", { name: this.say(slot) });
    this.drawChips();
    this.me.focus();
  }

  draw() {
    if (!this.view) return;
    this.drawnAt = Date.now();
    this.find.city = this.city;
    this.drawChips();
    if (!this.place || !this.city) return;
    this.drawHead();
    fill(this.cards.air, this.airLines());
    fill(this.others, this.otherStations());
    this.drawChart();
    fill(this.cards.flood, this.floodLines());
    fill(this.cards.rain, this.rainLines());
    fill(this.cards.lake, this.lakeLines());
    fill(this.cards.parking, this.parkingLines());
  }

  drawHead() {
    const { kind, name, accuracy } = this.place;
    const ward = kind === "ward" ? null : nearestWard(this.find.places, this.place);
    const where = kind === "me" ? this.say("from_me", { metres: length(Math.max(10, accuracy)) }) : this.say(`from_${kind}`);
    const outside = this.find.places.some((place) => place.kind === "ward") && !ward && kind !== "ward";
    const title = { me: "around_me", saved: "around_saved" }[kind];
    setText(this.heading, name ? this.say("around", { name: inLanguage(name) }) : this.say(title));
    setText(this.from, [where, ward ? this.say("near_ward", { name: inLanguage(ward.name) }) : null, outside ? this.say("outside") : null].filter(Boolean).join(" · "));
  }

  // The saved places, each with the air there and the flood, if any.
  drawChips() {
    const saved = savedPlaces();
    const kept = SLOTS.filter((slot) => saved[slot]);
    this.chips.hidden = kept.length === 0;
    fill(this.chips, kept.map((slot) => h("li", {},
      h("button", { type: "button", class: "chip", "data-key": `chip ${slot}`, onclick: () => this.show(saved[slot]) }, h("strong", {}, this.say(slot)), ...this.chipLines(saved[slot])),
      h("button", { type: "button", class: "forget", "data-key": `forget ${slot}`, "aria-label": this.say("forget", { name: this.say(slot) }), onclick: () => this.forget(slot) }, "✕"))));
  }

  chipLines(place) {
    if (!this.city) return [];
    const air = nearest(this.city.of("air_quality"), place, 1).main;
    const wet = floods(this.city.of("flood"), place).points.filter(({ feature, metres }) => metres <= FLOOD_M && feature.properties.level >= 1);
    const lines = air ? [this.badge(air.feature), h("span", {}, labelOf(air.feature))] : [];
    return wet.length ? lines.concat(h("span", { class: "wet" }, `▲ ${labelOf(wet[0].feature)}`)) : lines;
  }

  airLines() {
    const { main } = nearest(this.city.of("air_quality"), this.place, STATIONS);
    if (!main) return [h("p", { class: "quiet" }, this.say("no_domain"))];
    const { level, values } = main.feature.properties;
    const advice = level === null ? null : this.words.advice[level];
    const headline = this.headlineOf("air_quality");
    const history = this.history(main.feature.id, headline);
    return [
      this.station(main, { big: true }),
      level === null ? null : h("p", { class: "trend" }, this.trend(history, values[headline])),
      advice ? h("p", { class: "advice" }, advice[isSensitive() ? "sensitive" : "general"]) : null,
    ];
  }

  otherStations() {
    const { others } = nearest(this.city.of("air_quality"), this.place, STATIONS);
    return others.length ? [h("p", { class: "note" }, this.say("nearest_others")), ...others.map((one) => this.station(one))] : [];
  }

  // `newest` is the value above it, which may be later than a history that was asked for minutes ago.
  trend({ points }, newest) {
    if (!points) return this.say("reading");
    const last = points[points.length - 1];
    const isLater = newest && last && Date.parse(newest.time) > Date.parse(last.time);
    const change = changeInAnHour(isLater ? points.concat(newest) : points);
    if (change === null) return this.say("trend_unknown");
    return this.say(change > 0 ? "trend_up" : change < 0 ? "trend_down" : "trend_same", { change: Math.abs(change) });
  }

  drawChart() {
    const { main } = this.place && this.city ? nearest(this.city.of("air_quality"), this.place, 1) : {};
    const property = this.headlineOf("air_quality");
    const { points, intervalS } = (main && this.histories.get(`${main.feature.id} ${property}`)) || {};
    const to = Date.now();
    const recent = points ? points.filter((point) => Date.parse(point.time) > to - DAY_MS) : [];
    this.chart.hidden = recent.length === 0;
    if (!recent.length || this.view.hidden) return;
    const observed = this.city.property("air_quality", property);
    drawSeries(this.chart, {
      points: recent, from: to - DAY_MS, to, language, decimals: observed.decimals, symbol: unit(observed.symbol, language), boolean: false,
      bands: observed.bands, intervalS: intervalS || observed.interval_s, height: 120,
      label: `${inLanguage(observed.name)}, ${nameOf(main.feature)}, ${t("last_day")}`,
      words: { lowest: t("chart_lowest"), highest: t("chart_highest"), last: t("chart_last") },
    });
  }

  floodLines() {
    const street = this.place.kind === "street" ? this.place.name.vi : null;
    const { areas, within, points } = floods(this.city.of("flood"), this.place, street);
    const radius = length(FLOOD_M);
    const lines = areas.filter(({ properties }) => properties.level !== null).map(({ properties: p }) =>
      h("p", { class: "wet" }, `▲ ${this.say("flood_area", { depth: number(p.depth_cm, 0, language) })} · ${time(p.time, language)}${p.simulated ? ` · ${t("provenance_simulated")}` : ""}`));
    if (!points.length) return lines.concat(h("p", { class: "quiet" }, this.say("no_domain")));
    lines.push(h("p", { class: "note" }, this.say(within ? "flood_within" : "flood_none", { radius })));
    const anyWet = points.some(({ feature }) => feature.properties.level >= 1);
    return lines.concat(points.map((one) => this.station(one, { more: this.wetLines(one.feature) })), anyWet ? [h("p", { class: "note" }, this.say("passable_note"))] : []);
  }

  // Since when, and who can pass: only where there is water now.
  wetLines(feature) {
    if (!(feature.properties.level >= 1)) return [];
    const value = this.city.headline(feature);
    const { points } = this.history(feature.id, this.headlineOf("flood"));
    const now = Date.now();
    const since = points ? floodedSince(points, this.city.property("flood", this.headlineOf("flood")).bands, now) : null;
    const words = { exact: "since", least: "since_least", longer: "since_longer" };
    const said = since ? this.say(words[since.how], { time: time(since.time, language) }) : this.say(points ? "since_unknown" : "since_loading");
    const depth = points ? deepestLately(points, now, value.result) : value.result;
    return [h("span", { class: "wet" }, said), h("span", {}, passability(this.words.traffic, depth).map(([name, word]) => `${name}: ${word.toLowerCase()}`).join(" · "))];
  }

  rainLines() {
    const { main, others } = nearest(this.city.of("rain"), this.place, 2);
    if (!main) return [h("p", { class: "quiet" }, this.say("no_domain"))];
    const sums = ["rain_1h", "rain_24h"].map((key) => this.sum(main.feature, key, this.say(key === "rain_1h" ? "rain_hour" : "rain_day"))).filter(Boolean);
    return [this.station(main, { more: sums }), ...others.map((one) => this.station(one))];
  }

  sum(feature, key, name) {
    const value = feature.properties.values[key];
    const observed = this.city.property("rain", key);
    if (!value || !observed) return null;
    const stale = this.city.isStale("rain", key, value);
    const doubtful = value.quality >= 3;
    const band = stale || doubtful ? null : bandOf(observed.bands, value.result);
    const reason = doubtful ? t(`quality_${value.quality}`) : stale ? t("old_data").toLowerCase() : null;
    const told = `${number(value.result, observed.decimals, language)} ${unit(observed.symbol, language)}`;
    return h("span", { class: band ? null : "grey" }, `${name}: `, h("strong", {}, told), [band ? ` – ${inLanguage(band.label)}` : "", reason ? ` – ${reason}` : "", ` (${time(value.time, language)})`].join(""));
  }

  lakeLines() {
    const { main, others } = nearest(this.city.of("water_quality"), this.place, 6);
    const all = (main ? [main] : []).concat(others).sort((a, b) => (b.feature.properties.level || 0) - (a.feature.properties.level || 0));
    return all.length ? all.map((one) => this.station(one)) : [h("p", { class: "quiet" }, this.say("no_domain"))];
  }

  parkingLines() {
    const { free, unheard, within, points } = parkings(this.city.of("parking"), this.place);
    if (!points.length) return [h("p", { class: "quiet" }, this.say("no_domain"))];
    const head = within ? this.say("parking_within", { near: free[0], far: free[1] }) : this.say("parking_none");
    const some = points.filter(({ feature }) => feature.properties.free > 0);
    const shown = (some.length ? some : points).slice(0, PARKINGS);
    return [h("p", { class: "note" }, head, unheard ? ` ${this.say("parking_unheard")}` : ""), ...shown.map((one) => this.parking(one)), h("p", { class: "note" }, this.say("on_foot_note"))];
  }

  parking(one) {
    const { feature, metres } = one;
    const p = feature.properties;
    const name = nameOf(feature);
    const [lon, lat] = feature.geometry.coordinates;
    const [way, tariff] = [`way ${feature.id}`, `tariff ${feature.id}`];
    const button = (key, label, text) => h("button", { type: "button", "data-key": key, "aria-expanded": String(this.opened.has(key)), "aria-label": label, onclick: () => this.toggle(key, feature) }, text);
    return this.station(one, {
      told: this.say("parking_free", { free: p.free, capacity: p.capacity }),
      more: [
        h("span", {}, this.say("on_foot", { minutes: minutesOnFoot(metres) })),
        h("span", { class: "acts" },
          canBeGoneTo(feature) ? h("a", { href: geoLink({ lat, lon }, name), class: "act", "data-key": way, "aria-label": this.say("directions_to", { name }), onclick: (event) => this.go(event, way) }, t("directions")) : null,
          button(tariff, this.say("tariff_of", { name }), this.say("tariff"))),
        canBeGoneTo(feature) ? null : h("span", { class: "note" }, this.say("no_directions")),
        this.opened.has(way) ? this.coordinates(lat, lon) : null,
        this.opened.has(tariff) ? this.tariff(feature) : null,
      ],
    });
  }

  // A phone opens its own map; what has none shows where it is.
  go(event, key) {
    if (!matchMedia("(pointer: coarse)").matches) event.preventDefault();
    this.opened.add(key);
    this.draw();
  }

  coordinates(lat, lon) {
    const at = `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
    const copy = () => {
      const written = navigator.clipboard ? navigator.clipboard.writeText(at) : Promise.reject(new Error("no clipboard"));
      written.then(() => setText(this.said, this.say("copied")), () => setText(this.said, this.say("copy_failed")));
    };
    return h("span", { class: "coordinates" }, this.say("coordinates", { at }), " ", h("button", { type: "button", "data-key": `copy ${at}`, onclick: copy }, this.say("copy")));
  }

  toggle(key, feature) {
    if (!this.opened.delete(key)) {
      this.opened.add(key);
      this.loadTariff(feature.id);
    }
    this.draw();
  }

  async loadTariff(id) {
    if (typeof this.tariffs.get(id) === "object") return;
    this.tariffs.set(id, "loading");
    try {
      const { properties } = await fetchJson(`/api/v1/things/${encodeURIComponent(id)}`);
      const byBay = (settings.parkingPayUrl || "").includes("{bay}");
      const bays = byBay ? (await fetchJson(`/api/v1/things?parent_id=${encodeURIComponent(id)}`)).items : [];
      this.tariffs.set(id, { properties, bays });
    } catch (error) {
      console.warn(error.message);
      this.tariffs.set(id, "failed");
    }
    this.draw();
  }

  tariff(feature) {
    const known = this.tariffs.get(feature.id);
    if (typeof known !== "object") return h("span", { class: "quiet" }, this.say(known === "failed" ? "tariff_failed" : "tariff_loading"));
    const { tariff, max_stay_min: most, max_stay_trust: trust } = known.properties;
    const marked = (said, good) => h("li", {}, good ? said : `${said} (${this.say("indicative")})`);
    const price = (vnd) => number(vnd, 0, language);
    const lines = [];
    if (tariff) {
      const own = tariff.trust === "V";
      lines.push(marked(this.say("tariff_first", { price: price(tariff.first_vnd), minutes: tariff.first_min }), own));
      for (const step of tariff.steps || []) lines.push(marked(this.say("tariff_step", { minutes: step.after_min, price: price(step.hour_vnd) }), tariff.steps_trust === "V"));
      if (tariff.overnight) lines.push(marked(this.say("tariff_night", { from: tariff.overnight.from, to: tariff.overnight.to, price: price(tariff.overnight.vnd) }), own));
    }
    if (most) lines.push(marked(this.say("stay_most", { minutes: most }), trust === "V"));
    return h("span", { class: "tariff" },
      lines.length ? h("ul", {}, ...lines) : this.say("tariff_none"),
      tariff && tariff.decision ? h("small", {}, this.say("tariff_by", { decision: tariff.decision, date: dayOf(tariff.from) })) : null,
      ...this.paying(feature, known.bays));
  }

  // Where the city has said where to pay: a link, followed only by whoever taps it.
  paying(feature, bays) {
    const template = settings.parkingPayUrl;
    if (!template) return [];
    const chosen = this.bays.get(feature.id) || (bays[0] && bays[0].id);
    const href = payLink(template, feature.id, chosen);
    const select = h("select", { "data-key": `bay ${feature.id}`, onchange: () => {
      this.bays.set(feature.id, select.value);
      this.draw();
    } }, ...bays.map((bay) => h("option", { value: bay.id, selected: bay.id === chosen }, inLanguage(bay.name))));
    return [
      bays.length ? h("label", { class: "pay-bay" }, h("span", {}, this.say("pay_bay")), select) : null,
      href ? h("a", { class: "act", "data-key": `pay ${feature.id}`, href, rel: "noopener noreferrer", target: "_blank" }, this.say("pay")) : null,
    ];
  }

  // A station: its number in its colour, its word, name, distance, time and source. Grey says why.
  station({ feature, metres }, { big = false, told = null, more = [] } = {}) {
    const p = feature.properties;
    const value = this.city.headline(feature);
    const at = value ? value.time : p.time;
    const notes = [this.say("away", { distance: length(metres) }), at ? `${time(at, language)} (${agoInMinutes(at)})` : null, sourceOf(value, p)];
    return h("div", { class: big ? "station big" : "station", "data-station": feature.id, "data-level": String(p.level) },
      this.badge(feature),
      h("div", { class: "station-lines" },
        h("span", {}, h("button", { type: "button", class: "link", "data-key": `open ${feature.id}`, onclick: () => this.onOpen(feature.id) }, nameOf(feature)), " – ", h("strong", { class: p.level === null ? "grey" : null }, labelOf(feature))),
        p.closed ? h("strong", { class: "no-entry" }, closedWords(this.city, feature)) : null,
        told ? h("strong", {}, told) : null,
        ...more.filter(Boolean),
        h("small", {}, notes.filter(Boolean).join(" · "))));
  }

  badge(feature) {
    const p = feature.properties;
    const value = this.city.headline(feature);
    const observed = this.city.property(feature.domain, this.headlineOf(feature.domain));
    const text = p.capacity !== undefined ? String(p.free) : value && observed ? number(Number(value.result.toFixed(observed.decimals)) || 0, observed.decimals, language) : "–";
    const symbol = value && observed && p.capacity === undefined ? unit(observed.symbol, language) : "";
    const badge = h("span", { class: "badge" }, h("b", {}, text), symbol ? h("small", {}, symbol) : null);
    badge.style.background = p.level === null ? GREY.color : p.color;
    badge.style.color = p.level === null ? GREY.ink : inkOn(p.color);
    return badge;
  }

  headlineOf(domain) {
    const known = this.city && this.city.domains.get(domain);
    return known ? known.headline : undefined;
  }

  // What is known of a Thing's last day; asked for when it is not, or is old.
  history(thing, property) {
    const key = `${thing} ${property}`;
    const known = this.histories.get(key) || { asked: 0, points: null };
    if (Date.now() - known.asked > HISTORY_EVERY_MS) {
      this.histories.set(key, Object.assign({}, known, { asked: Date.now() }));
      lastDay(thing, property).then((found) => {
        this.histories.set(key, Object.assign({ asked: Date.now() }, found));
        if (!this.pressed) this.draw();
        this.onChange();
      }, (error) => console.warn(error.message));
    }
    return known;
  }
}

// Puts new content in, where it is other than before; what had the focus has it still.
function fill(element, nodes) {
  const next = h("div", {}, ...nodes);
  if (next.innerHTML === element.innerHTML) return;
  const focused = element.contains(document.activeElement) ? document.activeElement.getAttribute("data-key") : null;
  element.textContent = "";
  element.append(...Array.from(next.childNodes));
  const again = focused && Array.from(element.querySelectorAll("[data-key]")).find((one) => one.getAttribute("data-key") === focused);
  if (again) again.focus({ preventScroll: true });
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// "350 m", "1,2 km".
function length(metres) {
  return metres < 995 ? `${Math.round(metres / 10) * 10} m` : `${number(metres / 1000, 1, language)} km`;
}

// No seconds: what is read changes once a minute.
function agoInMinutes(iso) {
  const seconds = ageSeconds(iso);
  return age(seconds < 60 ? 0 : seconds, language);
}

function dayOf(date) {
  return String(date).split("-").reverse().join("/");
}

function sourceOf(value, properties) {
  if (!value) return properties.simulated ? t("provenance_simulated") : null;
  const own = t(`provenance_${value.provenance}`);
  return value.input_provenance ? `${own} (${t("from_inputs")} ${t(`provenance_${value.input_provenance}`)})` : own;
}
