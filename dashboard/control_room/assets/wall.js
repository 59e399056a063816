// A wall screen goes round by itself: the whole city, each domain with its layer, the queue. Nobody has to touch it.

import { age, say, setText } from "./page.js";

const EVERY_S = 20;
const SHORTEST_S = 2;
const LONGEST_S = 3600;
const HOLD_S = 180; // an alert that nobody sees to stays that long, then the round goes on

// What the address says, `?wall=1&every=30`; nonsense is twenty seconds.
export function everySeconds(search) {
  const asked = Number(new URLSearchParams(search).get("every"));
  return asked >= SHORTEST_S && asked <= LONGEST_S ? asked : EVERY_S;
}

// The views in their order: {kind: "city" | "domain" | "alerts", domain, name, newest}. `newest` is when its newest value was.
export function viewsOf(overview) {
  const times = overview.tiles.map((tile) => tile.newest).filter(Boolean);
  const newest = times.length ? times.reduce((a, b) => (Date.parse(a) > Date.parse(b) ? a : b)) : null;
  const domains = overview.tiles.map((tile) => ({ kind: "domain", domain: tile.domain, name: tile.name, newest: tile.newest }));
  return [{ kind: "city", name: say("wall_city"), newest }, ...domains, { kind: "alerts", name: say("alerts"), newest }];
}

export class Wall {
  #views = [];
  #at = 0;
  #left; // seconds until the next view
  #held = null; // {alert, left}: the alert that is shown instead

  // `onView({kind, domain, alert})` shows it.
  constructor(line, { every, onView }) {
    this.line = line;
    this.every = every;
    this.onView = onView;
    this.#left = every;
    setInterval(() => this.#tick(), 1_000);
  }

  // `news`: alerts that are critical and new.
  show(overview, news) {
    const first = !this.#views.length;
    this.#views = viewsOf(overview);
    if (this.#at >= this.#views.length) this.#at = 0;
    if (news.length) this.#hold(news[0]);
    else if (this.#held) this.#stillHeld(overview.alerts);
    else if (first) this.#present();
    this.#say();
  }

  #hold(alert) {
    this.#held = { alert, left: HOLD_S };
    this.onView({ kind: "alert", alert, domain: alert.domain });
  }

  #stillHeld(alerts) {
    const alert = alerts.find(({ id }) => id === this.#held.alert.id);
    if (alert?.state === "firing" && !alert.acknowledged) this.#held.alert = alert;
    else this.#goOn();
  }

  #goOn() {
    this.#held = null;
    this.#left = this.every;
    this.#present();
  }

  #tick() {
    if (!this.#views.length) return;
    if (this.#held) {
      this.#held.left -= 1;
      if (this.#held.left <= 0) this.#goOn();
    } else {
      this.#left -= 1;
      if (this.#left <= 0) {
        this.#at = (this.#at + 1) % this.#views.length;
        this.#goOn();
      }
    }
    this.#say();
  }

  #present() {
    this.onView(this.#views[this.#at]);
  }

  #say() {
    const view = this.#views[this.#at];
    const next = this.#views[(this.#at + 1) % this.#views.length];
    const words = this.#held
      ? [say("wall_alert"), this.#held.alert.title, say("wall_goes_on").replace("{seconds}", this.#held.left)]
      : [`${view.name} (${this.#at + 1}/${this.#views.length})`, say("wall_next").replace("{name}", next.name).replace("{seconds}", this.#left)];
    const newest = this.#held ? this.#held.alert.value_time : view.newest;
    words.push(newest ? `${say("wall_newest")} ${age(newest)}` : say("wall_no_value"));
    setText(this.line, words.join(" · "));
  }
}
