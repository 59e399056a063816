// What is firing: shape, word and colour for the severity, then the place and since when.

import { number, time, unit } from "../format.js";
import { h, inLanguage, language, orElse, t } from "./element.js";

const SIGN = { critical: "▲", warning: "◆", info: "●" };

// Those that stand in the page: they lead to their places now.
export function adoptAlerts(element, onChoose) {
  for (const alert of element.querySelectorAll("div.alert")) {
    const { place, severity } = alert.dataset;
    alert.replaceWith(h("button", { type: "button", class: "alert", "data-severity": severity, onclick: () => onChoose(place) }, ...alert.childNodes));
  }
}

// `onChoose` gets the Thing of an alert; one that is not on the map, such as a bay, is looked for by `pointOf`.
export function showAlerts(element, alerts, city, onChoose) {
  if (!alerts.length) {
    element.replaceChildren(h("li", { class: "quiet" }, t("alerts_none")));
    return;
  }
  element.replaceChildren(...alerts.map((alert) => h("li", {}, alertButton(alert, city, onChoose))));
}

function alertButton(alert, city, onChoose) {
  return h("button", { type: "button", class: "alert", "data-severity": alert.severity, onclick: () => onChoose(alert.thing) }, ...alertLines(alert, city));
}

// A bay is not on the map by itself: its point is.
export function pointOf(thing, city) {
  return city.get(thing) ? thing : thing.replace(/-b\d+$/, "");
}

export function alertLines(alert, city) {
  const observed = (city && city.property(alert.domain, alert.property)) || {};
  const value = observed.boolean ? "" : `${number(alert.value, orElse(observed.decimals, 1), language)} ${unit(orElse(observed.symbol, alert.unit), language)}`;
  return [
    h("span", { class: "severity" }, h("span", { "aria-hidden": "true" }, `${SIGN[alert.severity]} `), t(`severity_${alert.severity}`)),
    h("span", { class: "what" }, `${inLanguage(alert.title)}: ${inLanguage(alert.name)}`),
    h("span", { class: "since" }, [value, `${t("alert_since")} ${time(alert.firing_since, language)}`, alert.simulated ? t("alert_simulated") : ""].filter(Boolean).join(" · ")),
  ];
}
