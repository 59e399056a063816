// What the centre tells citizens, at the top of the page. Each goes when its end passes; a new one is read out once.

import { noticeElement } from "../notice.js";
import { h, inLanguage, language } from "./element.js";

export class Notices {
  #shown = new Map(); // id → {notice, element, growOld}
  #heard = null; // ids that were there before; null: nothing was loaded yet

  // `element` gets the notices, `spoken` is the status line of screen readers; `onResize` is told when others have more or less room.
  constructor(element, spoken, onResize) {
    this.element = element;
    this.spoken = spoken;
    this.onResize = onResize;
  }

  // All that hold now, the newest first.
  show(items) {
    this.#shown = new Map(items.map((notice) => [notice.id, this.#shown.get(notice.id) ?? { notice, ...noticeElement(notice, language) }]));
    const fresh = this.#heard ? items.filter((notice) => !this.#heard.has(notice.id)) : [];
    this.#heard = new Set(items.map((notice) => notice.id));
    if (fresh.length) this.spoken.textContent = fresh.map((one) => `${inLanguage(one.kind_name)}: ${inLanguage(one.text)}`).join(" ");
    this.#draw();
  }

  passTime(now = Date.now()) {
    const over = [...this.#shown.values()].filter(({ notice }) => Date.parse(notice.ends_at) <= now);
    for (const { notice } of over) this.#shown.delete(notice.id);
    if (over.length) this.#draw();
    for (const one of this.#shown.values()) one.growOld(now);
  }

  #draw() {
    const list = this.element.querySelector("ul");
    list.replaceChildren(...[...this.#shown.values()].map(({ element }) => h("li", {}, element)));
    this.element.hidden = this.#shown.size === 0;
    if (this.element.scrollHeight > this.element.clientHeight) this.element.tabIndex = 0; // so that the keyboard can scroll it
    else this.element.removeAttribute("tabindex");
    this.onResize();
  }
}
