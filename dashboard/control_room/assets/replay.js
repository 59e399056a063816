// The map of rain and flooding: live at the right end of its slider, anywhere else the last 48 hours as they were.
// One document holds all steps; a step is drawn without asking again.

import { City, bandOf } from "../static/city.js";
import { openStream } from "../static/live.js";
import { createCityMap } from "../static/map.js";
import { Refused, aged, ask, element, showRows, tell } from "./asking.js";
import { drawMark } from "./tiles.js";
import { h, language, measured, now, say, setClock, setText, thingLink } from "./page.js";

const DOMAINS = ["rain", "flood"];
const AREAS = "areas";
const AGAIN_MS = 300_000;
const SNAPSHOT_MS = 60_000;
const QUIET_MS = 600; // nobody wants every step of a drag read aloud
const SUSPECT = 3;
const ZONE = "Asia/Ho_Chi_Minh";

class Replay {
  #past = null; // the document
  #rows = new Map(); // domain → its Things in the document
  #at = null; // a step, or null: now
  #asked = null; // a time that the address wants, once there is a document
  #timer = null;
  #saying = null;
  #areas = "";

  constructor(section, catalogue) {
    this.section = section;
    this.city = new City(catalogue);
    this.slider = element("replay-slider");
    this.marks = createCityMap(element("replay-map"), {
      basemap: "/ops/api/basemap.geojson",
      tiles: catalogue.tiles_url,
      attribution: say("attribution"),
      zoomIn: say("zoom_in"),
      zoomOut: say("zoom_out"),
      zoom: 12,
      nameOf: (feature) => this.#nameOf(feature),
    });
    new ResizeObserver(() => this.marks.refit()).observe(element("replay-map"));
    this.#asked = timeIn(location.hash);
    addEventListener("hashchange", () => isTime(location.hash) && this.#goTo(timeIn(location.hash)));
    this.slider.addEventListener("input", () => this.#to(Number(this.slider.value)));
    for (const button of section.querySelectorAll("[data-move]")) button.addEventListener("click", () => this.#to(this.#step() + Number(button.dataset.move)));
    element("replay-to-now").addEventListener("click", () => this.#to(Infinity));
    element("replay-play").addEventListener("click", () => (this.#timer ? this.#pause() : this.#play()));
    element("replay-speed").addEventListener("change", () => this.#timer && this.#play());
    element("replay-again").addEventListener("click", () => this.load());
    element("replay-copy").addEventListener("click", () => this.#copy());
    this.#legend();
  }

  // The last 48 hours anew; what is shown of them stays, unless it is now.
  async load() {
    element("replay-again").hidden = true;
    if (!this.#past) tell("replay-result", say("replay_loading"));
    try {
      const found = await ask("/replay");
      setClock(found.generated_at);
      const shown = this.#at === null ? null : this.#timeOf(this.#at);
      this.#past = found;
      for (const domain of DOMAINS) this.#rows.set(domain, found.things.filter((row) => row.domain === domain));
      this.slider.max = found.steps;
      for (const control of this.section.querySelectorAll("button, input")) control.disabled = false;
      setText(element("replay-first"), clock(Date.parse(found.from)));
      setText(element("replay-last"), say("replay_now"));
      const heard = found.things.some((row) => row.results.some((result) => result !== null));
      tell("replay-result", !heard ? say("replay_empty") : found.extents_complete ? "" : say("replay_extents_cut"));
      this.#goTo(this.#asked ?? shown);
      this.#asked = null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      tell("replay-result", this.#past ? error.message : `${say("replay_failed")} ${error.message}`, "bad");
      element("replay-again").hidden = false;
    }
  }

  async snapshots() {
    const answers = await Promise.all(DOMAINS.filter((key) => this.city.domains.has(key)).map((key) => fetch(`/ops/api/map/${key}.geojson`).catch(() => null)));
    for (const answer of answers) if (answer?.ok) this.city.replace(await answer.json());
    if (this.#at === null) this.#show();
  }

  apply(items) {
    const { changed } = this.city.apply(items.filter(({ domain }) => DOMAINS.includes(domain)));
    if (this.#at !== null || !changed.length) return;
    this.marks.update(changed);
    this.#lists();
  }

  grow() {
    if (this.#at === null) this.marks.update(this.city.grow(now()));
    this.#when();
  }

  reloadIfNow() {
    if (this.#at === null) this.load();
  }

  #step() {
    return this.#at ?? this.#past.steps;
  }

  #timeOf(step) {
    return Date.parse(this.#past.from) + step * this.#past.step_s * 1000;
  }

  // A time in ms, or null: now. What is older than the document or newer is at its ends.
  #goTo(time) {
    if (!this.#past) {
      this.#asked = time;
      return;
    }
    this.#to(time === null ? Infinity : Math.round((time - Date.parse(this.#past.from)) / (this.#past.step_s * 1000)));
  }

  #to(step) {
    if (!this.#past) return;
    const was = this.#at;
    this.#at = step >= this.#past.steps ? null : Math.max(0, step);
    this.slider.value = this.#step();
    if (this.#at === null) this.#pause();
    if (was !== null && this.#at === null && now() - Date.parse(this.#past.generated_at) > AGAIN_MS) this.load();
    this.#nameInAddress();
    this.#show(was === null || this.#at === null);
  }

  // A panel's own anchor is left alone.
  #nameInAddress() {
    if (this.#at !== null) history.replaceState(history.state, "", `#at=${local(this.#timeOf(this.#at))}`);
    else if (isTime(location.hash)) history.replaceState(history.state, "", location.pathname + location.search);
  }

  #play() {
    clearInterval(this.#timer);
    if (this.#at === null) this.#to(0);
    this.#timer = setInterval(() => document.hidden || this.#to(this.#step() + 1), 1000 / Number(element("replay-speed").value));
    setText(element("replay-play"), `❚❚ ${say("replay_pause")}`);
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = null;
    setText(element("replay-play"), `▶ ${say("replay_play")}`);
  }

  // `anew`: other marks than before; otherwise each only looks different.
  #show(anew = true) {
    for (const domain of this.city.domains.values()) {
      if (!DOMAINS.includes(domain.key)) continue;
      const features = this.#features(domain);
      if (anew || this.#moves(domain)) this.marks.setFeatures(domain.key, features, { shape: domain.map.shape, text: (feature) => this.#textOf(feature) });
      else this.marks.update(features);
    }
    this.#showAreas();
    this.#when();
    this.#lists();
  }

  // Whether one of them stood elsewhere within the span.
  #moves(domain) {
    return (this.#rows.get(domain.key) ?? []).some((row) => row.moves.length);
  }

  #features(domain) {
    if (this.#at === null) return this.city.of(domain.key).filter((feature) => feature.geometry.type === "Point");
    return (this.#rows.get(domain.key) ?? []).map((row) => this.#featureOf(domain, row));
  }

  // As the live map would have shown it then.
  #featureOf(domain, row) {
    const result = row.results[this.#at];
    const doubtful = row.doubtful.includes(this.#at);
    const band = result === null || doubtful ? null : bandOf(domain.properties[row.property].bands, result);
    const { states, grey } = this.city;
    const place = row.moves.find((left) => this.#at < left.until) ?? row; // where it stood then
    const label = result === null ? states.stale : doubtful ? states.suspect : band?.label ?? states.no_level;
    return {
      id: row.id,
      domain: domain.key,
      geometry: { type: "Point", coordinates: [place.lon, place.lat] },
      properties: {
        name_vi: row.name_vi, name_en: row.name_en, state: result === null ? "stale" : "live",
        level: band?.level ?? null, color: band?.color ?? grey, label_vi: label.vi, label_en: label.en,
        values: result === null ? {} : { [row.property]: { result, quality: doubtful ? SUSPECT : 1 } },
      },
    };
  }

  #showAreas() {
    const flood = this.city.domains.get("flood");
    if (!flood) return;
    const features = this.#at === null ? this.city.of("flood").filter(({ properties: { kind } }) => kind === "extent") : this.#pastAreas(flood);
    const seen = JSON.stringify(features.map(({ id, properties: { time, state } }) => [id, time, state]));
    if (seen === this.#areas) return;
    this.#areas = seen;
    this.marks.setFeatures(AREAS, features, { shape: "circle", text: () => "" });
  }

  #pastAreas(flood) {
    const shown = this.#past.extents.filter(({ first, behind }) => first <= this.#at && this.#at < behind);
    return shown.flatMap(({ thing, time, polygons }) => polygons.map(({ depth_cm, rings }, n) => {
      const { name_vi = thing, name_en = thing } = this.#past.things.find((row) => row.id === thing) ?? {};
      const color = bandOf(flood.properties[flood.headline].bands, depth_cm)?.color ?? this.city.grey;
      const properties = { kind: "extent", name_vi, name_en, time, depth_cm, color, state: "live" };
      return { id: `${thing}/extent/${n}`, domain: AREAS, geometry: { type: "Polygon", coordinates: rings }, properties };
    }));
  }

  #nameOf({ domain, properties }) {
    const name = properties[`name_${language}`];
    if (properties.kind === "extent") return `${say("replay_extent")}, ${name}`;
    const value = this.#headline(this.city.domains.get(domain), properties);
    return [`${name}:`, value && this.#written(domain, value.result), properties[`label_${language}`]].filter(Boolean).join(" ");
  }

  #headline(domain, { values }) {
    return values?.[domain.headline];
  }

  #written(key, result) {
    const domain = this.city.domains.get(key);
    const { decimals, symbol } = domain.properties[domain.headline];
    return measured(result, decimals, symbol);
  }

  #textOf({ domain: key, properties }) {
    const domain = this.city.domains.get(key);
    const value = this.#headline(domain, properties);
    if (!value) return "";
    const { decimals, bands } = domain.properties[domain.headline];
    if (properties.level === bands[0]?.level) return ""; // a dry city is no crowd of zeros
    return measured(value.result, Math.min(decimals, Math.abs(value.result) < 10 ? 1 : 0), "");
  }

  // Said as loudly as can be: nobody may take the past for now.
  #when() {
    const past = this.#at !== null;
    const time = past ? this.#timeOf(this.#at) : now();
    this.section.dataset.when = past ? "past" : "now";
    setText(element("replay-word"), say(past ? "replay_past" : "replay_now"));
    setText(element("replay-time"), clock(time));
    element("replay-time").dateTime = new Date(time).toISOString();
    element("replay-simulated").hidden = past ? !this.#past.simulated : !this.city.anySimulated(new Set(DOMAINS));
    const before = past ? say("replay_before").replace("{length}", lasting(now() - time)) : "";
    setText(element("replay-before"), before);
    const said = [say(past ? "replay_past" : "replay_now"), clock(time), before].filter(Boolean).join(", ");
    this.slider.setAttribute("aria-valuetext", said);
    if (this.said === said || this.#timer) return;
    this.said = said;
    clearTimeout(this.#saying);
    if (past) this.#saying = setTimeout(() => setText(element("replay-said"), said), QUIET_MS);
  }

  #lists() {
    this.#list("flood", "replay-points", "replay-points-silent", "replay_none_flooded");
    this.#list("rain", "replay-gauges", "replay-gauges-silent", "replay_none_wet");
  }

  // What the map says in words: who has a level above the lowest, the worst first, and how many are silent.
  #list(key, listId, silentId, nothing) {
    const domain = this.city.domains.get(key);
    if (!domain) return;
    const features = this.#features(domain);
    const known = features.filter(({ properties }) => properties.state === "live" && this.#headline(domain, properties));
    const worst = known.filter(({ properties }) => properties.level !== 0).sort((a, b) => this.#headline(domain, b.properties).result - this.#headline(domain, a.properties).result);
    const rows = worst.map(({ id, properties }) => [id, properties[`name_${language}`], this.#written(key, this.#headline(domain, properties).result), properties[`label_${language}`], properties.color, this.#headline(domain, properties).time]);
    const list = element(listId);
    const why = known.length ? nothing : "replay_nothing";
    if (list.dataset.nothing !== why) delete list.dataset.seen; // an empty list may be empty for another reason than before
    list.dataset.nothing = why;
    showRows(list, rows, ([id, name, value, label, color, time]) => {
      const swatch = h("i", { className: "swatch" });
      swatch.style.background = color;
      const show = h("button", { type: "button", className: "plain", "aria-label": say("replay_show").replace("{name}", () => name), onclick: () => this.marks.focus(id) }, "◎");
      return h("li", { className: "place-row" }, swatch, h("span", { className: "facts" }, thingLink(id, name), h("b", {}, value), h("span", { className: "muted" }, label), time ? aged(time) : ""), show);
    }, why);
    const silent = features.length - known.length;
    setText(element(silentId), silent ? say("replay_silent").replace("{count}", silent) : "");
  }

  #legend() {
    const lists = DOMAINS.map((key) => this.city.domains.get(key)).filter(Boolean).map((domain) => {
      const marks = domain.properties[domain.headline].bands.map(({ label, color }) => [label[language], domain.map.shape, color]);
      const items = [...marks, [this.city.states.stale[language], domain.map.shape, this.city.grey]].map(([text, shape, color]) => {
        const mark = h("canvas", { width: 40, height: 40, className: "mark", "aria-hidden": "true" });
        drawMark(mark, shape, color);
        return h("li", {}, mark, text);
      });
      if (domain.key === "flood") items.push(h("li", {}, h("i", { className: "swatch area" }), say("replay_extent")));
      return h("ul", { className: "scale", "aria-label": domain.name[language] }, h("li", {}, h("b", {}, domain.name[language])), ...items);
    });
    element("replay-legend").replaceChildren(...lists);
  }

  async #copy() {
    const link = new URL(this.#at === null ? location.pathname : `#at=${local(this.#timeOf(this.#at))}`, location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      tell("replay-result", say("chart_copied"), "good");
    } catch {
      tell("replay-result", say("chart_not_copied").replace("{link}", () => link));
    }
  }
}

// Hanoi keeps one offset all year.
const local = (time) => new Date(time).toLocaleString("sv-SE", { timeZone: ZONE }).replace(" ", "T").slice(0, 16);

const isTime = (hash) => hash.startsWith("#at=");

function timeIn(hash) {
  const found = /^#at=(\d{4}-\d\d-\d\dT\d\d:\d\d)$/.exec(hash);
  const time = found ? Date.parse(`${found[1]}:00+07:00`) : NaN;
  return Number.isNaN(time) ? null : time;
}

function clock(time) {
  const [day, hour] = local(time).split("T");
  return `${hour} ${day.split("-").reverse().join("/")}`;
}

function lasting(ms) {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  const parts = [[Math.floor(minutes / 60), "duration_hours"], [minutes % 60, "duration_minutes"]];
  const said = parts.filter(([count]) => count).map(([count, key]) => say(key).replace("{count}", count));
  return said.join(" ") || say("duration_minutes").replace("{count}", 0);
}

async function begin() {
  const section = element("replay");
  const catalogue = await ask("/domains").catch((error) => tell("replay-result", error.message, "bad"));
  if (!catalogue) {
    element("replay-again").hidden = false;
    element("replay-again").addEventListener("click", () => location.reload());
    return;
  }
  const replay = new Replay(section, catalogue);
  openStream("/ops/stream", {
    onItems: (items) => replay.apply(items),
    onState: (state) => state === "open" && replay.snapshots(),
  });
  await Promise.all([replay.snapshots(), replay.load()]);
  setInterval(() => replay.snapshots(), SNAPSHOT_MS);
  setInterval(() => replay.reloadIfNow(), AGAIN_MS);
  setInterval(() => replay.grow(), 10_000);
  section.dataset.ready = "1";
}

begin();
