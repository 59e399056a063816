// What the centre tells citizens, at the top of the page. Each goes when its end passes; a new one is read out once.

import { ageing, noticeElement } from "../notice.js";
import { h, inLanguage, language } from "./element.js";

export class Notices {
  // `element` gets the notices, `spoken` is the status line of screen readers; `onResize` is told when others have more or less room.
  constructor(element, spoken, onResize) {
    this._shown = new Map(); // id → {notice, element, growOld}
    this._heard = null; // ids that were there before; null: nothing was loaded yet
    this.element = element;
    this.spoken = spoken;
    this.onResize = onResize;
    for (const item of element.querySelectorAll("li")) this._adopt(item);
  }

  // One that stands in the page.
  _adopt(item) {
    const element = item.firstElementChild;
    const written = element.querySelector("time");
    const notice = { id: Number(item.dataset.id), ends_at: item.dataset.ends };
    this._shown.set(notice.id, { notice, element, growOld: ageing(written, language) });
    this._heard = new Set(this._shown.keys());
  }

  // All that hold now, the newest first.
  show(items) {
    this._shown = new Map(items.map((notice) => [notice.id, this._shown.get(notice.id) || { notice, ...noticeElement(notice, language) }]));
    const fresh = this._heard ? items.filter((notice) => !this._heard.has(notice.id)) : [];
    this._heard = new Set(items.map((notice) => notice.id));
    if (fresh.length) this.spoken.textContent = fresh.map((one) => `${inLanguage(one.kind_name)}: ${inLanguage(one.text)}`).join(" ");
    this._draw();
  }

  passTime(now = Date.now()) {
    const over = [...this._shown.values()].filter(({ notice }) => Date.parse(notice.ends_at) <= now);
    for (const { notice } of over) this._shown.delete(notice.id);
    if (over.length) this._draw();
    for (const one of this._shown.values()) one.growOld(now);
  }

  _draw() {
    const list = this.element.querySelector("ul");
    const elements = [...this._shown.values()].map(({ element }) => element);
    if (!isSame(list, elements)) list.replaceChildren(...elements.map((element) => h("li", {}, element)));
    this.element.hidden = this._shown.size === 0;
    if (this.element.scrollHeight > this.element.clientHeight) this.element.tabIndex = 0; // so that the keyboard can scroll it
    else this.element.removeAttribute("tabindex");
    this.onResize();
  }
}

const isSame = (list, elements) => list.children.length === elements.length && elements.every((one, i) => list.children[i].firstElementChild === one);
