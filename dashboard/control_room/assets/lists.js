// The alert queue and the newest rejections.

import { clockTime, h, KeyedList, measured, say, setAge, setText } from "./page.js";

const SIGNS = { critical: "✕", warning: "!", info: "i" };

export function createAlerts(parent, { onPlace }) {
  const list = new KeyedList(parent, () => new AlertElement(onPlace));
  const empty = h("li", { className: "empty" }, say("no_alerts"));
  return (alerts) => {
    empty.remove();
    list.show(alerts, (alert) => alert.id);
    if (!alerts.length) parent.append(empty);
  };
}

// Severity is the sign's shape, its word and its colour.
export function severitySign(severity) {
  return h("span", { className: `sign ${severity}`, "aria-hidden": "true" }, SIGNS[severity] ?? "?");
}

class AlertElement {
  constructor(onPlace) {
    this.sign = h("span");
    this.severity = h("span", { className: "severity" });
    this.state = h("span", { className: "state" });
    this.simulated = h("span", { className: "note" }, say("simulated_short"));
    this.title = h("p", { className: "title" });
    this.place = h("button", { type: "button", title: say("show"), onclick: () => onPlace(this.thing) });
    this.values = h("span");
    this.since = h("span");
    this.age = h("time");
    this.element = h(
      "li",
      {},
      this.sign,
      h("div", {}, h("p", { className: "facts" }, this.severity, this.state, this.simulated), this.title,
        h("p", { className: "facts" }, this.place, this.values),
        h("p", { className: "facts muted" }, this.since, this.age)),
    );
  }

  update(alert) {
    this.thing = alert.thing;
    this.element.className = `alert ${alert.severity} ${alert.state}`;
    const sign = severitySign(alert.severity);
    if (this.sign.className !== sign.className) {
      this.sign.replaceWith(sign);
      this.sign = sign;
    }
    setText(this.severity, alert.severity_word);
    setText(this.state, alert.state_word);
    this.simulated.hidden = !alert.simulated;
    setText(this.title, alert.title);
    setText(this.place, alert.place);
    setText(this.values, valueWords(alert));
    const ended = alert.state === "resolved";
    setText(this.since, `${say(ended ? "ended" : "since")} ${clockTime(ended ? alert.resolved_at : alert.since)}`);
    setAge(this.age, ended ? alert.resolved_at : alert.since);
  }
}

function valueWords({ value, peak, limit, decimals, unit, state }) {
  const shown = state === "resolved" ? [say("peak"), peak] : [say("value"), value];
  const words = [`${shown[0]} ${measured(shown[1], decimals, unit)}`];
  if (limit !== null) words.push(`${say("limit")} ${measured(limit, decimals, unit)}`);
  return words.join(" · ");
}

export function createRejections(parent) {
  const list = new KeyedList(parent, () => new RejectionElement());
  const empty = h("li", { className: "empty" }, say("no_rejections"));
  return (rejections) => {
    empty.remove();
    list.show(rejections, (rejection) => rejection.id);
    if (!rejections.length) parent.append(empty);
  };
}

class RejectionElement {
  constructor() {
    this.reason = h("b");
    this.path = h("code");
    this.age = h("time");
    this.topic = h("p", { className: "topic" });
    this.message = h("p", { className: "muted" });
    this.payload = h("code", { className: "payload" });
    this.element = h(
      "li",
      { className: "rejection" },
      h("p", { className: "facts" }, this.reason, this.path, this.age),
      this.topic,
      this.message,
      this.payload,
    );
  }

  update(rejection) {
    setText(this.reason, rejection.reason);
    setText(this.path, rejection.path + (rejection.more ? ` +${rejection.more} ${say("more")}` : ""));
    setAge(this.age, rejection.time);
    setText(this.topic, rejection.topic);
    setText(this.message, rejection.message);
    const cut = rejection.size > rejection.payload.length ? ` … (${rejection.size} B)` : "";
    setText(this.payload, rejection.payload + cut);
  }
}
