// Finds Things by name, in a combobox.

import { combobox } from "../static/combobox.js";
import { found } from "../static/finding.js";
import { h, say } from "./page.js";

const MOST = 8;

export class Search {
  // `things()` → [{id, name, domain, core, sought}]; `onChoose(id)`.
  constructor(parent, { things, onChoose }) {
    const list = h("ul", { id: "search-found", "aria-label": say("search_things") });
    const input = h("input", { id: "search-things", type: "search", placeholder: say("search_hint") });
    const said = h("span", { className: "unseen", role: "status" });
    parent.append(h("label", { htmlFor: "search-things" }, say("search_things")), h("span", { className: "search" }, input, list), said);
    combobox({
      input,
      list,
      said,
      find: (typed) => found(things(), typed, MOST),
      lines: (thing) => [thing.name, h("span", { className: "muted" }, ` ${thing.domain}`)],
      textOf: (thing) => thing.name,
      onChoose: (thing) => onChoose(thing.id),
      none: say("search_none"),
    });
  }
}
