// Building blocks of the page: its words, its clock, elements, and lists whose entries stay in place.

import * as format from "../static/format.js";

export const language = document.documentElement.lang === "en" ? "en" : "vi";

// A narrow screen shows a part of the menu: that of the page which is open.
document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

let words = {};

// Every page begins with it, once all that it imports is there and what it fills stands: it has started, and the
// message that it has not (not_started.html) does not come.
export function learnWords(element) {
  document.documentElement.dataset.started = "1";
  words = JSON.parse(element.dataset.words);
}

export const say = (key) => words[key] ?? key;

// filled(key, {name: "Lan"}): the text, with values in place of {name} and others.
export const filled = (key, values) => say(key).replace(/\{(\w+)\}/g, (_, name) => values[name]);

// The server's clock: a wall screen whose own clock is wrong must not make data look fresh or old.
let offset = 0;
let source = null; // another clock than the server's: that of a replay

export function setClock(generatedAt) {
  offset = Date.parse(generatedAt) - Date.now();
}

export const now = () => (source ? source() : Date.now() + offset);

export function runBy(clock) {
  source = clock;
}

// Rounded first, so that -0.3 without decimals is 0 and not -0.
export const number = (value, decimals) => format.number(Number(value.toFixed(decimals)) || 0, decimals, language);
export const clockTime = (iso) => format.time(iso, language, new Date(now()));
export const age = (iso) => format.age(format.ageSeconds(iso, now()), language);
export const measured = (value, decimals, unit) => `${number(value, decimals)} ${unit}`.trim();

// While a pointer is pressed nothing may move: what goes away under it swallows the click, what comes there gets it.
const PRESS_MOST_MS = 15_000;
let pressed = null;
addEventListener(
  "pointerdown",
  () => {
    const press = new Promise((resolve) => {
      const released = () => setTimeout(resolve); // after the click
      for (const name of ["pointerup", "pointercancel"]) addEventListener(name, released, { capture: true, once: true });
      setTimeout(resolve, PRESS_MOST_MS);
    });
    pressed = press;
    press.then(() => {
      if (pressed === press) pressed = null;
    });
  },
  true,
);

// Resolves when no pointer is pressed; wait for it before something new is shown.
export const calm = async () => pressed;

// h("p", {className: "x", onclick() {…}}, "text", child) → element. Text is never read as HTML.
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The name of a Thing, which leads to its page; only the name where it has none.
export const thingLink = (thing, name) => (thing ? h("a", { href: `/ops/things/${encodeURIComponent(thing)}` }, name) : name);

// A time that grows old by itself: `growOld()` is called every second.
export function setAge(element, iso) {
  if (iso) element.dataset.since = iso;
  else delete element.dataset.since;
  setText(element, iso ? age(iso) : "");
  element.dateTime = iso ?? "";
  element.title = iso ? clockTime(iso) : "";
}

export function growOld() {
  for (const element of document.querySelectorAll("[data-since]")) setText(element, age(element.dataset.since));
}

// Shows items in order. An item that was there keeps its element, and with it focus and scroll position.
// `create(item)` → {element, update(item)}
export class KeyedList {
  #entries = new Map();

  constructor(parent, create) {
    this.parent = parent;
    this.create = create;
  }

  show(items, keyOf) {
    const focused = this.parent.contains(document.activeElement) ? document.activeElement : null;
    const wanted = new Set(items.map(keyOf));
    for (const [key, entry] of this.#entries) {
      if (!wanted.has(key)) {
        entry.element.remove();
        this.#entries.delete(key);
      }
    }
    items.forEach((item, index) => {
      const key = keyOf(item);
      if (!this.#entries.has(key)) this.#entries.set(key, this.create(item));
      const entry = this.#entries.get(key);
      entry.update(item);
      if (this.parent.children[index] !== entry.element) {
        this.parent.insertBefore(entry.element, this.parent.children[index] ?? null);
      }
    });
    if (focused?.isConnected) focused.focus({ preventScroll: true }); // an element that is moved loses it
  }
}

// Resolves when Dash has drawn the element.
export function appears(id) {
  return new Promise((resolve) => {
    const look = () => {
      const element = document.getElementById(id);
      if (element) {
        observer.disconnect();
        resolve(element);
      }
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { childList: true, subtree: true });
    look();
  });
}
