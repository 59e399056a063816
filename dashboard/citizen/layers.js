// The switch of each domain's layer. Domains come from the catalogue: a new one is here without code.

import { h, inLanguage } from "./element.js";
import { css } from "../tokens.js";
import { swatch } from "./swatch.js";

export function showLayers(element, city, visible, onToggle) {
  const focused = document.activeElement?.dataset?.domain;
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
        swatch(domain.map.shape, css(visible.has(domain.key) ? "--accent" : "--surface")),
        inLanguage(domain.name),
      ),
    ),
  );
  if (focused) element.querySelector(`[data-domain="${focused}"]`)?.focus();
}
