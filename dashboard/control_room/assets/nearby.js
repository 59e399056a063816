// What is within a kilometre of a Thing, a list a domain.

import { aged, element, showRows } from "./asking.js";
import { h, thingLink } from "./page.js";

export function showNearby(groups) {
  element("nearby-none").hidden = groups.length > 0;
  showRows(element("nearby"), groups, (group) =>
    h("li", {}, h("h3", {}, group.domain), h("ul", { className: "around" }, ...group.things.map(row))));
}

function row(one) {
  const swatch = h("i", { className: "swatch" });
  if (one.color) swatch.style.background = one.color;
  return h("li", { className: one.state }, swatch, h("span", { className: "name" }, thingLink(one.id, one.name)),
    h("span", {}, one.words), h("span", { className: "muted" }, one.distance, one.time ? " · " : "", one.time ? aged(one.time) : ""));
}
