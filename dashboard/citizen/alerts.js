// What is firing: shape, word and colour for the severity, then the place and since when. Equal ones are one line that
// opens, and more than a few lines are behind another, as in the first HTML (alert_lines.py).

import { number, time, unit } from "../format.js";
import { h, inLanguage, language, orElse, t } from "./element.js";

const SIGN = { critical: "▲", warning: "◆", info: "●" };
export const WORST_FIRST = Object.keys(SIGN);
const LINES = 3; // as in alert_lines.py

// Those that stand in the page: they lead to their places now.
export function adoptAlerts(element, onChoose) {
  for (const alert of element.querySelectorAll("div.alert[data-place]")) {
    const { place, severity } = alert.dataset;
    alert.replaceWith(h("button", { type: "button", class: "alert", "data-severity": severity, onclick: () => onChoose(place) }, ...alert.childNodes));
  }
  for (const item of element.querySelectorAll("li[data-place]")) {
    const { place } = item.dataset;
    item.replaceWith(h("li", {}, h("button", { type: "button", class: "alert-place", onclick: () => onChoose(place) }, ...item.childNodes)));
  }
}

// `onChoose` gets the Thing of an alert; one that is not on the map, such as a bay, is looked for by `pointOf`.
// What was open stays open, what had the focus has it still.
export function showAlerts(element, alerts, city, onChoose) {
  const opened = [...element.querySelectorAll("details[open]")].map(keyOf);
  const focused = element.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  element.replaceChildren(...alertLists(alerts, city, onChoose));
  for (const one of element.querySelectorAll("details")) one.open = opened.includes(keyOf(one));
  const again = focused && [...element.querySelectorAll("button, summary")].find((one) => keyOf(one) === focused);
  if (again) again.focus({ preventScroll: true });
}

// What a line is of, also one of the first HTML: its words less what changes.
function keyOf(node) {
  const words = (selector, within) => orElse((within.querySelector(selector) || {}).textContent, "");
  const group = node.closest(".alert-group, .alerts-more");
  const name = node.matches("button") ? words("b", node) || words(".what", node) : "";
  return [node.matches("details") ? "summary" : node.localName, group ? `${group.className}${words(":scope > summary .severity", group)}${words(":scope > summary .what", group)}` : "", name].join("|");
}

function alertLists(alerts, city, onChoose) {
  if (!alerts.length) return [h("li", { class: "quiet" }, t("alerts_none"))];
  const groups = groupsOf(alerts);
  const line = (group) => h("li", {}, group.length === 1 ? alertButton(group[0], city, onChoose) : groupLine(group, city, onChoose));
  const lines = groups.slice(0, LINES).map(line);
  const behind = groups.slice(LINES);
  if (!behind.length) return lines;
  const left = behind.reduce((sum, group) => sum + group.length, 0);
  return lines.concat(h("li", {}, h("details", { class: "alerts-more" }, h("summary", {}, `+ ${left} ${t("alerts_more")}`), h("ul", {}, ...behind.map(line)))));
}

// Of one rule, severity and title; the worst first, otherwise as they come.
export function groupsOf(alerts) {
  const equal = new Map();
  const rank = ({ severity }) => (WORST_FIRST.indexOf(severity) + WORST_FIRST.length + 1) % (WORST_FIRST.length + 1);
  for (const alert of [...alerts].sort((a, b) => rank(a) - rank(b))) {
    const key = JSON.stringify([alert.severity, alert.domain, alert.rule, alert.title]);
    equal.set(key, (equal.get(key) || []).concat(alert));
  }
  return [...equal.values()];
}

function groupLine(group, city, onChoose) {
  const [first] = group;
  const notes = [`${group.length} ${t("alert_places")}`, group.every((one) => one.simulated) ? t("alert_simulated") : null];
  const place = (alert) => h("li", {}, h("button", { type: "button", class: "alert-place", onclick: () => onChoose(alert.thing) }, h("b", {}, inLanguage(alert.name)), " ", since(alert, city)));
  return h("details", { class: "alert-group", "data-severity": first.severity },
    h("summary", {}, severityOf(first), " ", h("span", { class: "since" }, notes.filter(Boolean).join(" · ")), h("span", { class: "what" }, inLanguage(first.title))),
    h("ul", {}, ...group.map(place)));
}

function alertButton(alert, city, onChoose) {
  return h("button", { type: "button", class: "alert", "data-severity": alert.severity, onclick: () => onChoose(alert.thing) }, ...alertLines(alert, city));
}

// A bay is not on the map by itself: its point is.
export function pointOf(thing, city) {
  return city.get(thing) ? thing : thing.replace(/-b\d+$/, "");
}

export function alertLines(alert, city) {
  return [severityOf(alert), h("span", { class: "what" }, `${inLanguage(alert.title)}: ${inLanguage(alert.name)}`), since(alert, city)];
}

function severityOf({ severity }) {
  return h("span", { class: "severity" }, h("span", { "aria-hidden": "true" }, `${orElse(SIGN[severity], "●")} `), t(`severity_${severity}`));
}

function since(alert, city) {
  const observed = (city && city.property(alert.domain, alert.property)) || {};
  const value = observed.boolean ? "" : `${number(alert.value, orElse(observed.decimals, 1), language)} ${unit(orElse(observed.symbol, alert.unit), language)}`.trim();
  const said = [value, `${t("alert_since")} ${time(alert.firing_since, language)}`, alert.simulated ? t("alert_simulated") : ""];
  return h("span", { class: "since" }, said.filter(Boolean).join(" · "));
}
