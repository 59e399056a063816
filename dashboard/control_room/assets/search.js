// Finds Things by name as people type it: without diacritics too, in any order of the words. A combobox with a list.

import { plain } from "../static/plain.js";
import { h, language, say } from "./page.js";

const MOST = 8;

// Things of which every word that was typed is part of a name or of the id; those that begin so first.
export function matching(things, typed) {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = things.filter(({ sought }) => words.every((word) => sought.includes(word)));
  const begins = ({ sought }) => (sought.startsWith(words[0]) ? 0 : 1);
  return found.sort((a, b) => begins(a) - begins(b) || a.name.localeCompare(b.name, language)).slice(0, MOST);
}

export class Search {
  #found = [];
  #at = -1;

  // `things()` → [{id, name, domain, sought}]; `onChoose(id)`.
  constructor(parent, { things, onChoose }) {
    this.things = things;
    this.onChoose = onChoose;
    this.list = h("ul", { id: "search-found", role: "listbox", hidden: true, "aria-label": say("search_things") });
    this.input = h("input", {
      id: "search-things", type: "search", autocomplete: "off", placeholder: say("search_hint"), role: "combobox",
      "aria-controls": "search-found", "aria-expanded": "false", "aria-autocomplete": "list",
      oninput: () => this.#look(), onkeydown: (event) => this.#pressed(event), onblur: () => this.#close(),
    });
    this.said = h("span", { className: "unseen", role: "status" });
    const field = h("span", { className: "search" }, this.input, this.list);
    parent.append(h("label", { htmlFor: "search-things" }, say("search_things")), field, this.said);
  }

  #look() {
    this.#found = matching(this.things(), this.input.value);
    this.#at = this.#found.length ? 0 : -1;
    const typed = this.input.value.trim() !== "";
    this.list.replaceChildren(
      ...this.#found.map((thing, index) =>
        h("li", { id: `search-${index}`, role: "option", onpointerdown: (event) => this.#take(event, thing) }, thing.name, h("span", { className: "muted" }, ` ${thing.domain}`))),
      ...(typed && !this.#found.length ? [h("li", { className: "muted", role: "option", "aria-disabled": "true" }, say("search_none"))] : []),
    );
    this.list.hidden = !typed;
    this.said.textContent = typed && !this.#found.length ? say("search_none") : "";
    this.#mark();
  }

  #pressed(event) {
    if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.#close();
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && this.#found.length) {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      this.#at = (this.#at + by + this.#found.length) % this.#found.length;
      this.#mark();
    } else if (event.key === "Enter" && this.#found[this.#at]) {
      this.#take(event, this.#found[this.#at]);
    }
  }

  #take(event, thing) {
    event.preventDefault();
    this.input.value = thing.name;
    this.#close();
    this.onChoose(thing.id);
  }

  #mark() {
    [...this.list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === this.#at)));
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    if (this.#at >= 0 && !this.list.hidden) this.input.setAttribute("aria-activedescendant", `search-${this.#at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #close() {
    this.list.hidden = true;
    this.#found = [];
    this.#at = -1;
    this.#mark();
  }
}
