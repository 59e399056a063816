// Building blocks of the page: its words, its clock, elements, and lists whose entries stay in place.

import * as format from "../static/format.js";

export const language = document.documentElement.lang === "en" ? "en" : "vi";

let words = {};

export function learnWords(element) {
  words = JSON.parse(element.dataset.words);
}

export const say = (key) => words[key] ?? key;

// The server's clock: a wall screen whose own clock is wrong must not make data look fresh or old.
let offset = 0;

export function setClock(generatedAt) {
  offset = Date.parse(generatedAt) - Date.now();
}

export const now = () => Date.now() + offset;

// Rounded first, so that -0.3 without decimals is 0 and not -0.
export const number = (value, decimals) => format.number(Number(value.toFixed(decimals)) || 0, decimals, language);
export const clockTime = (iso) => format.time(iso, language, new Date(now()));
export const age = (iso) => format.age(format.ageSeconds(iso, now()), language);
export const measured = (value, decimals, unit) => `${number(value, decimals)} ${unit}`.trim();

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
