// What shapes, colours and numbers mean, from the catalogue's bands.

import { number, unit } from "../format.js";
import { h, inLanguage, language, t } from "./element.js";
import { swatch } from "./swatch.js";

export function showLegend(element, city, visible) {
  const shown = [...city.domains.values()].filter((domain) => visible.has(domain.key));
  if (!shown.length) {
    element.replaceChildren(h("p", {}, t("legend_empty")));
    return;
  }
  element.replaceChildren(...shown.map((domain) => part(domain)), h("p", { class: "grey-note" }, t("legend_grey")));
}

function part(domain) {
  const { shape, summary, closure, bands: summaryBands } = domain.map;
  const headline = domain.properties[domain.headline];
  const bands = summary ? summaryBands : headline.bands;
  const scale = summary ? "%" : [inLanguage(headline.name), unit(headline.symbol, language)].filter(Boolean).join(", ");
  const title = h("h3", {}, inLanguage(domain.name), h("small", {}, ` ${scale}`));
  if (!bands.length) return h("div", {}, title, h("p", {}, t("legend_no_scale")));
  return h("div", {}, title, h("ul", {}, ...bands.map((band, i) => line(band, bands[i - 1], shape, headline, summary)),
    closure ? h("li", {}, h("span", { class: "no-entry" }), h("span", { class: "limits" }), h("span", {}, inLanguage(domain.properties[closure].name))) : null));
}

function line(band, before, shape, headline, summary) {
  const decimals = summary ? 0 : fineness(headline);
  const say = (limit) => number(limit, decimals, language);
  const integers = decimals === 0 && headline.derived;
  let limits;
  if (band.below === null) limits = `≥ ${say(before.below)}`;
  else if (!before) limits = `< ${say(band.below)}`;
  else limits = integers ? `${say(before.below)}–${say(band.below - 1)}` : `${say(before.below)} – < ${say(band.below)}`;
  if (!before && integers) limits = `0–${say(band.below - 1)}`;
  return h("li", {}, swatch(shape, band.color), h("span", { class: "limits" }, limits), h("span", {}, inLanguage(band.label)));
}

function fineness({ bands }) {
  const limits = bands.map((band) => band.below).filter((below) => below !== null);
  return Math.min(2, Math.max(0, ...limits.map((limit) => (String(limit).split(".")[1] || "").length)));
}
