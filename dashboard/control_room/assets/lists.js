// The alert queue and the newest rejections.

import { possible } from "./alert_actions.js";
import { clockTime, h, KeyedList, measured, say, setAge, setText } from "./page.js";

const SIGNS = { critical: "✕", warning: "!", info: "i" };

// The queue: one alert may be chosen (by the keyboard or by focus). `actions`: what may be done, null for who only looks.
export class AlertQueue {
  #alerts = [];
  #chosen = null;

  constructor(parent, { onPlace, actions }) {
    this.parent = parent;
    this.list = new KeyedList(parent, () => new AlertElement(onPlace, actions));
    this.empty = h("li", { className: "empty" });
    parent.addEventListener("focusin", (event) => {
      const id = event.target.closest("li")?.dataset.alert;
      if (id) this.#choose(Number(id));
    });
  }

  // `nothing` is said instead of none.
  show(alerts, nothing) {
    this.#alerts = alerts;
    setText(this.empty, nothing);
    this.empty.remove();
    this.list.show(alerts, (alert) => alert.id);
    if (!alerts.length) this.parent.append(this.empty);
    this.#choose(this.chosen?.id ?? null);
  }

  // The alert that is chosen, or null.
  get chosen() {
    return this.#alerts.find((alert) => alert.id === this.#chosen) ?? null;
  }

  // Chooses the next one (1) or the one before (-1), and focuses it.
  move(by) {
    const at = this.#alerts.findIndex((alert) => alert.id === this.#chosen);
    const next = this.#alerts[at < 0 ? 0 : Math.min(Math.max(at + by, 0), this.#alerts.length - 1)];
    if (!next) return;
    const element = this.#element(next.id);
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  }

  #choose(id) {
    if (id !== this.#chosen) this.#element(this.#chosen)?.classList.remove("chosen");
    this.#chosen = id;
    this.#element(id)?.classList.add("chosen");
  }

  #element(id) {
    return id === null ? null : this.parent.querySelector(`[data-alert="${id}"]`);
  }
}

// Severity is the sign's shape, its word and its colour.
export function severitySign(severity) {
  return h("span", { className: `sign ${severity}`, "aria-hidden": "true" }, SIGNS[severity] ?? "?");
}

class AlertElement {
  constructor(onPlace, actions) {
    this.sign = h("span");
    this.severity = h("span", { className: "severity" });
    this.state = h("span", { className: "state" });
    this.simulated = h("span", { className: "note" }, say("simulated_short"));
    this.title = h("a", { className: "title" });
    this.place = h("button", { type: "button", title: say("show"), onclick: () => onPlace(this.thing) });
    this.values = h("span");
    this.since = h("span");
    this.age = h("time");
    this.acknowledged = h("p", { className: "acknowledged" });
    this.silenced = h("p", { className: "silenced" });
    this.buttons = actions ? actionButtons(actions, () => this.alert) : {};
    this.element = h(
      "li",
      { tabIndex: -1 },
      this.sign,
      h("div", {}, h("p", { className: "facts" }, this.severity, this.state, this.simulated), this.title,
        h("p", { className: "facts" }, this.place, this.values),
        h("p", { className: "facts muted" }, this.since, this.age), this.acknowledged, this.silenced,
        h("div", { className: "buttons" }, ...Object.values(this.buttons))),
    );
  }

  update(alert) {
    this.alert = alert;
    this.thing = alert.thing;
    this.element.dataset.alert = alert.id;
    this.element.className = `alert ${alert.severity} ${alert.acknowledged ? "seen-to" : alert.state}`;
    for (const [name, text] of [["acknowledged", alert.acknowledged], ["silenced", alert.silenced]]) {
      this[name].hidden = !text;
      setText(this[name], text ?? "");
    }
    this.#offer(alert);
    const sign = severitySign(alert.severity);
    if (this.sign.className !== sign.className) {
      this.sign.replaceWith(sign);
      this.sign = sign;
    }
    setText(this.severity, alert.severity_word);
    setText(this.state, alert.state_word);
    this.simulated.hidden = !alert.simulated;
    setText(this.title, alert.title);
    this.title.href = `/ops/alerts/${alert.id}`;
    setText(this.place, alert.place);
    setText(this.values, valueWords(alert));
    const ended = alert.state === "resolved";
    setText(this.since, `${say(ended ? "ended" : "since")} ${clockTime(ended ? alert.resolved_at : alert.since)}`);
    setAge(this.age, ended ? alert.resolved_at : alert.since);
  }

  #offer(alert) {
    const may = possible(alert);
    for (const [name, button] of Object.entries(this.buttons)) {
      button.hidden = !may[name];
      button.setAttribute("aria-label", `${say(WORDS[name])}: ${alert.title}, ${alert.place}`);
    }
  }
}

const WORDS = { acknowledge: "acknowledge", silence: "do_silence", note: "do_note", escalate: "do_escalate" };

function actionButtons(actions, alertOf) {
  const make = (name) => [name, h("button", { type: "button", onclick: () => actions[name](alertOf()) }, say(WORDS[name]))];
  return Object.fromEntries(Object.keys(WORDS).map(make));
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
