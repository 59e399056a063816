// The clock of a replay: it stands at a past moment, or runs from there faster than time does. Null on pages of now.
// The page's address holds moment and speed, so that each tab has its own and a reload goes on where it was.

import { runBy } from "./page.js";

const ZONE_MS = 7 * 3_600_000; // Hanoi keeps one offset all year
const ADDRESS_EVERY_MS = 2_000;
const STEP_MS = 2_000; // of a page that asks anew for all that it shows
export const SPEEDS = [1, 10, 60, 300];
const root = document.documentElement;

// "2026-11-12T14:35:00" of Hanoi, and back.
export const written = (ms) => new Date(Math.floor(ms / 1_000) * 1_000 + ZONE_MS).toISOString().slice(0, 19);
export const instant = (text) => Date.parse(`${text.length === 16 ? `${text}:00` : text}+07:00`);
const shown = (ms) => written(ms).replace(/^(\d+)-(\d+)-(\d+)T(.*)$/, "$3/$2/$1 $4");

// It goes on by steps, so that all that a page asks for is of the same moment; a page that knows what comes makes it smooth.
// Tells: "moved" (somewhere else), "ran" (a step further), "ticked" (four times a second while it runs), "changed" (it plays,
// is paused, waits, or has another speed).
class ReplayClock extends EventTarget {
  #base;
  #since = performance.now();
  #held = false; // it waits for what is to be shown
  #opened = performance.now();
  #now;
  #addressed = 0;
  #works = 0; // that time waits for
  #ranTo = 0;
  smooth = false;
  playing = false;
  ended = false;

  constructor(at, now) {
    super();
    this.#base = instant(at);
    this.#now = instant(now);
    const asked = new URLSearchParams(location.search);
    this.speed = SPEEDS.includes(Number(asked.get("speed"))) ? Number(asked.get("speed")) : 60;
    setInterval(() => this.#tick(), 250);
  }

  // The newest moment that can be replayed.
  get limit() {
    return this.#now + performance.now() - this.#opened;
  }

  get at() {
    const since = performance.now() - this.#since;
    const on = this.playing && !this.waits ? (this.smooth ? since : Math.floor(since / STEP_MS) * STEP_MS) : 0;
    return Math.min(this.#base + on * this.speed, this.limit);
  }

  get waits() {
    return this.#held || this.#works > 0;
  }

  get words() {
    return shown(this.at);
  }

  play() {
    this.#set(() => (this.playing = true));
  }

  pause() {
    this.#set(() => (this.playing = false));
  }

  // What is to be shown is not there yet: time stands still.
  hold(held) {
    if (held !== this.#held) this.#set(() => (this.#held = held));
  }

  // Time stands still until the work is done.
  async holdFor(work) {
    this.#set(() => (this.#works += 1));
    try {
      return await work;
    } finally {
      this.#set(() => (this.#works -= 1));
    }
  }

  setSpeed(speed) {
    this.#set(() => (this.speed = speed));
  }

  jump(ms) {
    this.ended = false;
    this.#base = Math.min(ms, this.limit);
    this.#since = performance.now();
    this.#address();
    this.dispatchEvent(new Event("ticked"));
    this.dispatchEvent(new Event("moved"));
  }

  // Elsewhere on the site at the same moment.
  carry(href) {
    const url = new URL(href, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith("/ops/")) return href;
    url.searchParams.set("at", written(this.at));
    url.searchParams.set("speed", String(this.speed));
    return url.href;
  }

  #set(change) {
    this.#base = this.at;
    this.#since = performance.now();
    change();
    this.#ranTo = this.#base;
    this.#address();
    this.dispatchEvent(new Event("changed"));
  }

  #tick() {
    if (!this.playing || this.waits) return;
    if (this.at >= this.limit) {
      this.ended = true;
      this.pause();
      return;
    }
    this.dispatchEvent(new Event("ticked"));
    if (performance.now() - this.#addressed > ADDRESS_EVERY_MS) this.#address();
    if (this.smooth || this.at === this.#ranTo) return;
    this.#ranTo = this.at;
    this.dispatchEvent(new Event("ran"));
  }

  #address() {
    this.#addressed = performance.now();
    root.dataset.replayAt = written(this.at);
    history.replaceState(history.state, "", this.carry(location.href));
  }
}

export const replay = root.dataset.replayAt ? new ReplayClock(root.dataset.replayAt, root.dataset.replayNow) : null;
if (replay) runBy(() => replay.at);

// What a page's address says, with the moment of a replay in it.
export function inTime(asked) {
  if (!replay) return asked;
  asked.set("at", written(replay.at));
  asked.set("speed", String(replay.speed));
  return asked;
}
