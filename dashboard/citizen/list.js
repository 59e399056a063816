// Everything that is on the map as tables, for people who do not use the map.

import { age, ageSeconds, number, time, unit } from "../format.js";
import { plain } from "../plain.js";
import { h, inLanguage, labelOf, language, nameOf, t } from "./element.js";
import { swatch } from "./swatch.js";

export function showList(element, city, visible, search, onChoose) {
  const wanted = plain(search);
  const tables = [...city.domains.values()]
    .filter((domain) => visible.has(domain.key))
    .map((domain) => table(city, domain, wanted, onChoose))
    .filter(Boolean);
  const nothing = city.features.size ? t("list_none") : t("list_none_city");
  const focused = document.activeElement?.dataset?.thing;
  element.replaceChildren(...(tables.length ? tables : [h("p", { class: "quiet" }, nothing)]));
  if (focused) element.querySelector(`[data-thing="${CSS.escape(focused)}"]`)?.focus();
}

function table(city, domain, wanted, onChoose) {
  const features = city
    .of(domain.key)
    .filter((f) => f.properties.kind !== "extent" && plain(nameOf(f)).includes(wanted))
    .sort((a, b) => nameOf(a).localeCompare(nameOf(b), language, { numeric: true }));
  if (!features.length) return null;
  const heads = ["list_place", "list_value", "list_level", "list_age"].map((key) => h("th", { scope: "col" }, t(key)));
  return h(
    "table",
    {},
    h("caption", {}, inLanguage(domain.name), h("span", { class: "count" }, ` ${features.length}`)),
    h("thead", {}, h("tr", {}, ...heads)),
    h("tbody", {}, ...features.map((feature) => row(city, domain, feature, onChoose))),
  );
}

function row(city, domain, feature, onChoose) {
  const p = feature.properties;
  return h(
    "tr",
    { "data-state": p.state },
    h("th", { scope: "row" }, h("button", { type: "button", "data-thing": feature.id, onclick: () => onChoose(feature.id) }, nameOf(feature))),
    h("td", { class: "number" }, headlineText(city, domain, feature)),
    h("td", {}, h("span", { class: "level" }, swatch(domain.map.shape, p.color, { dashed: p.state !== "live", faint: p.state === "never" }), h("span", {}, labelOf(feature), byCentre(city, feature)))),
    h("td", { class: "number" }, p.time ? age(ageSeconds(p.time), language) : "–"),
  );
}

// Who says so, where it was not a sensor, and until when.
function byCentre(city, feature) {
  const expires = city.headline(feature)?.expires_at;
  if (!expires) return "";
  return h("small", { class: "by-centre" }, `${t("by_centre")} ${t("by_centre_until")} ${time(expires, language)}`);
}

export function headlineText(city, domain, feature) {
  const p = feature.properties;
  if (p.capacity !== undefined) return `${p.free} / ${p.capacity} ${t("bay_free")}`;
  const value = city.headline(feature);
  if (!value) return "–";
  const { decimals, symbol } = domain.properties[domain.headline];
  return `${number(value.result, decimals, language)} ${unit(symbol, language)}`.trim();
}
