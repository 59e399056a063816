// The bays of each street as it runs, live: each says by shape, number and name how it is; one of them at a time is in
// the keyboard's way, arrow keys go on from it.

import { openStream } from "../static/live.js";
import { Refused, ask, element, showRows, tell } from "./asking.js";
import { age, clockTime, h, now, number, say, setClock, setText } from "./page.js";

const DOMAIN = "parking";
const OCCUPIED = "occupied";
const OUT_OF_SERVICE = "out_of_service";
const STATES = ["free", "occupied", "overstaying", "unknown", "out_of_service"];
const AGAIN_MS = 60_000;
const FAIL = 4;
const MISSING = 9;
const MOVES = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

class Streets {
  #bays = new Map(); // id → {bay, point, button}
  #points = new Map(); // id → the element that counts its bays
  #drawn = "";
  #read = null;
  #heartbeats = 2;
  #soon = null;

  async load() {
    clearTimeout(this.#soon);
    this.#soon = null;
    try {
      const found = await ask("/parking/streets");
      setClock(found.generated_at);
      this.#heartbeats = found.heartbeats;
      tell("streets-result", found.bays ? "" : say("parking_no_bays"));
      this.#draw(found.streets);
      this.#overstays(found.overstays);
      element("streets-simulated").hidden = !found.simulated;
      document.documentElement.dataset.streets = "ready";
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      tell("streets-result", error.message, "bad");
    }
  }

  // Values that just came. What else can change, a bay that is closed by hand or a stay that began, is asked for again.
  apply(items) {
    for (const item of items) {
      if (item.domain !== DOMAIN) continue;
      const known = this.#bays.get(item.thing);
      if (!known || item.property === OUT_OF_SERVICE) this.#loadSoon();
      else if (item.property === OCCUPIED) this.#take(known, item);
    }
    this.#count();
  }

  // Time passes: who is silent for too long is unknown, who stays for too long overstays.
  grow() {
    for (const known of this.#bays.values()) this.#show(known);
    this.#count();
    this.#readOut(this.#read);
  }

  #take(known, { time, result, quality }) {
    const { bay } = known;
    if (bay.time && Date.parse(time) < Date.parse(bay.time)) return;
    const before = this.#stateOf(bay);
    Object.assign(bay, { time, result, quality });
    if (!bay.heartbeat_s) this.#loadSoon();
    const after = this.#stateOf(bay);
    if (after !== OCCUPIED) Object.assign(bay, { since: null, since_exact: false });
    else if (before !== OCCUPIED) Object.assign(bay, { since: time, since_exact: before === "free" });
    this.#show(known);
    if (before !== after) this.#loadSoon();
    if (this.#read === known) this.#readOut(known);
  }

  #loadSoon() {
    this.#soon ??= setTimeout(() => this.load(), 3_000 + 2_000 * Math.random());
  }

  #draw(streets) {
    const shape = JSON.stringify(streets.map(({ name, points }) => [name, points.map(({ id, name: called, bays }) => [id, called, bays.map((bay) => [bay.id, bay.name])])]));
    if (shape !== this.#drawn) this.#drawAnew(streets, shape);
    for (const { points } of streets) {
      for (const point of points) for (const bay of point.bays) Object.assign(this.#bays.get(bay.id), { bay, point });
    }
    this.grow();
  }

  #drawAnew(streets, shape) {
    this.#drawn = shape;
    this.#bays.clear();
    this.#points.clear();
    element("streets-drawn").replaceChildren(...streets.map((street) => this.#street(street)));
  }

  #street({ name, from, to, points }) {
    const drawn = h("div", { className: "street" }, ...points.map((point) => this.#point(point)));
    const section = h("section", { "aria-label": name }, h("h3", {}, name, " ", h("span", { className: "count" }, `${from} → ${to}`)), drawn);
    const buttons = [...drawn.querySelectorAll("button")];
    buttons.forEach((button, n) => (button.tabIndex = n ? -1 : 0));
    drawn.addEventListener("keydown", (event) => {
      const here = buttons.indexOf(event.target);
      const there = event.key === "Home" ? 0 : event.key === "End" ? buttons.length - 1 : here + (MOVES[event.key] ?? NaN);
      if (here < 0 || !buttons[there]) return;
      event.preventDefault();
      buttons[here].tabIndex = -1;
      buttons[there].tabIndex = 0;
      buttons[there].focus();
    });
    return section;
  }

  #point(point) {
    const count = h("span", { className: "count" });
    this.#points.set(point.id, { point, count });
    const bays = point.bays.map((bay) => {
      const button = h("button", { type: "button", className: "bay" }, bay.name.replace(/\D+/g, "") || "•");
      const known = { bay, point, button };
      for (const event of ["focus", "pointerenter", "click"]) button.addEventListener(event, () => this.#readOut(known));
      this.#bays.set(bay.id, known);
      return button;
    });
    return h("div", { className: "point", role: "group", "aria-label": point.name },
      h("p", { className: "facts" }, h("a", { href: `/ops/things/${encodeURIComponent(point.id)}` }, point.name), count), h("div", { className: "bays" }, ...bays));
  }

  // Mirrors dashboard/condition.py, because bays fall silent while no server answers.
  #stateOf({ closed_until, time, result, quality, heartbeat_s }) {
    if (closed_until && now() < Date.parse(closed_until)) return OUT_OF_SERVICE;
    if (!time || quality === MISSING) return "unknown";
    if (heartbeat_s && now() - Date.parse(time) > 1000 * this.#heartbeats * heartbeat_s) return "unknown";
    if (quality >= FAIL) return OUT_OF_SERVICE;
    return result >= 0.5 ? OCCUPIED : "free";
  }

  #lookOf({ bay, point }) {
    const state = this.#stateOf(bay);
    const over = state === OCCUPIED && bay.since && point.limit_s && now() - Date.parse(bay.since) > 1000 * point.limit_s;
    return over ? "overstaying" : state;
  }

  #show(known) {
    const look = this.#lookOf(known);
    if (known.button.dataset.state !== look) known.button.dataset.state = look;
    const said = `${known.bay.name}: ${say(`parking_${look}`)}`;
    if (known.button.getAttribute("aria-label") !== said) known.button.setAttribute("aria-label", said);
  }

  #count() {
    const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
    const of = new Map(); // by point and state
    for (const { button, point } of this.#bays.values()) {
      const { state } = button.dataset;
      counts[state] += 1;
      of.set(`${point.id} ${state}`, (of.get(`${point.id} ${state}`) ?? 0) + 1);
    }
    showRows(element("streets-legend"), STATES.map((state) => [state, counts[state]]), ([state, count]) => {
      const sample = h("i", { className: "bay" });
      sample.dataset.state = state;
      return h("li", {}, sample, `${say(`parking_${state}`)}: ${number(count, 0)}`);
    });
    let capacity = 0;
    for (const { point, count } of this.#points.values()) {
      capacity += point.capacity;
      setText(count, ofCapacity(of.get(`${point.id} free`) ?? 0, point.capacity, of.get(`${point.id} unknown`) ?? 0));
    }
    setText(element("streets-count"), capacity ? ofCapacity(counts.free, capacity, counts.unknown) : "");
  }

  // All about the bay that is pointed at or focused; `known` null: nothing is.
  #readOut(known) {
    if (!known) return;
    this.#read = known;
    const { bay, point } = known;
    const facts = [`${point.name}, ${bay.name}`, say(`parking_${this.#lookOf(known)}`)];
    if (bay.since) facts.push(say(bay.since_exact ? "parking_since" : "parking_since_before").replace("{time}", clockTime(bay.since)));
    facts.push(bay.time ? say("parking_heard").replace("{age}", age(bay.time)) : say("parking_never"));
    if (bay.simulated) facts.push(say("simulated"));
    showRows(element("streets-readout"), [[bay.id, facts]], () =>
      h("span", { className: "facts" }, h("b", {}, facts[0]), ...facts.slice(1).map((fact) => h("span", {}, fact)),
        h("a", { href: `/ops/things/${encodeURIComponent(bay.id)}` }, say("parking_to_bay"))));
  }

  #overstays(found) {
    setText(element("overstays-count"), found.length ? number(found.length, 0) : "");
    showRows(element("overstays-list"), found, ({ bay, name, at, exact, length, limit, limit_trust }) =>
      h("li", {}, h("p", { className: "facts" }, h("a", { className: "title", href: `/ops/things/${encodeURIComponent(bay)}` }, name), h("b", {}, length),
        h("span", { className: "muted" }, say(exact ? "parking_from" : "parking_from_before").replace("{time}", () => at)), h("span", { className: "muted" }, say(limit_trust === "V" ? "parking_limit" : "parking_limit_suggested").replace("{limit}", limit)))),
      "parking_overstays_none");
  }
}

// Nobody knows of a silent bay whether it is free.
const ofCapacity = (free, capacity, silent) =>
  [say("parking_of_capacity").replace("{free}", number(free, 0)).replace("{capacity}", number(capacity, 0)), silent ? say("parking_silent_count").replace("{count}", number(silent, 0)) : ""].filter(Boolean).join(" · ");

const streets = new Streets();
openStream("/ops/stream", {
  onItems: (items) => streets.apply(items),
  onState: (state) => state === "open" && streets.load(),
});
streets.load();
setInterval(() => streets.load(), AGAIN_MS);
setInterval(() => streets.grow(), 10_000);
