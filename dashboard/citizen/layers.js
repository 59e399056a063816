// The switch of each domain's layer. Domains come from the catalogue: a new one is here without code.

import { focusedOn, h, inLanguage } from "./element.js";
import { swatch } from "./swatch.js";

// What stands in the page before the catalogue is there: links to the tables become switches.
export function adoptLayers(element, onToggle) {
  for (const link of element.querySelectorAll("a")) {
    const key = link.dataset.domain;
    link.replaceWith(h("button", { type: "button", class: "layer", "data-domain": key, "aria-pressed": "true", onclick: () => onToggle(key) }, ...link.childNodes));
  }
}

export function showLayers(element, city, visible, onToggle) {
  const focused = focusedOn("domain");
  element.replaceChildren(
    ...[...city.domains.values()].map((domain) =>
      h(
        "button",
        {
          type: "button",
          class: "layer",
          "data-domain": domain.key,
          "aria-pressed": String(visible.has(domain.key)),
          onclick: () => onToggle(domain.key),
        },
        swatch(domain.map.shape),
        inLanguage(domain.name),
      ),
    ),
  );
  const again = focused && element.querySelector(`[data-domain="${CSS.escape(focused)}"]`);
  if (again) again.focus();
}
