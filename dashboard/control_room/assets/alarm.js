// A new critical alert is heard and stands in the page's title. Each is heard once, however often the page is loaded.

import { keep, kept } from "./kept.js";
import { h, say, setText } from "./page.js";

const HEARD_MOST = 200;
const TONES = [[880, 0], [660, 0.22], [880, 0.44], [660, 0.66]]; // Hz, s
const TONE_S = 0.2;
const VOLUME = 0.35;

// Those that call for somebody: they fire, are critical, and nobody has said that he sees to them.
export const calling = (alerts) => alerts.filter((alert) => alert.state === "firing" && alert.severity === "critical" && !alert.acknowledged);

export class Alarm {
  #on = kept("sound", "on") === "on";
  #seen = null; // numbers of those that called; null before the first look
  #calling = [];
  #context = null;
  #title = document.title;

  // `button` mutes; `blocked` is where the page says that the browser lets nothing be heard. Both may be without buttons to press.
  constructor(button, blocked) {
    this.button = button;
    this.blocked = blocked;
    button.addEventListener("click", () => this.toggle());
    for (const type of ["pointerdown", "keydown"]) addEventListener(type, () => this.#allow(), { capture: true });
    this.#allow();
  }

  // Returns those that are new since the page was opened.
  show(alerts) {
    this.#calling = calling(alerts);
    const news = this.#seen ? this.#calling.filter((alert) => !this.#seen.has(alert.id)) : [];
    this.#seen = new Set([...(this.#seen ?? []), ...this.#calling.map((alert) => alert.id)]);
    this.#ringForUnheard();
    const title = this.#calling.length ? `(${this.#calling.length}) ${this.#title}` : this.#title;
    if (document.title !== title) document.title = title;
    return news;
  }

  toggle() {
    this.#on = !this.#on;
    keep("sound", this.#on ? "on" : "off");
    this.#say();
  }

  // What this browser has not said yet, even when another page was open meanwhile; while it is muted nothing is missed.
  #ringForUnheard() {
    if (this.#on && !this.#audible) return;
    const heard = kept("heard", "").split(" ").filter(Boolean);
    const unheard = this.#calling.map((alert) => String(alert.id)).filter((id) => !heard.includes(id));
    if (!unheard.length) return;
    keep("heard", [...heard, ...unheard].slice(-HEARD_MOST).join(" "));
    if (this.#on) this.#ring();
  }

  get #audible() {
    return this.#context?.state === "running";
  }

  // A browser that has not seen anybody press anything may not play: then the page says so until somebody does.
  async #allow() {
    this.#context ??= new AudioContext();
    this.#say();
    if (this.#audible) return;
    this.#context.onstatechange = () => {
      this.#say();
      this.#ringForUnheard();
    };
    await this.#context.resume();
  }

  #say() {
    const silent = this.#on && !this.#audible;
    setText(this.button, say(this.#on ? "sound_on" : "sound_off"));
    this.button.setAttribute("aria-pressed", String(this.#on));
    if (this.blocked.hidden !== silent) return;
    this.blocked.hidden = !silent;
    this.blocked.replaceChildren(say("sound_blocked"), " ", h("button", { type: "button", onclick: () => this.#allow() }, say("sound_allow")));
  }

  #ring() {
    const start = this.#context.currentTime + 0.05;
    for (const [frequency, after] of TONES) {
      const [tone, volume] = [this.#context.createOscillator(), this.#context.createGain()];
      tone.type = "triangle";
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0, start + after);
      volume.gain.linearRampToValueAtTime(VOLUME, start + after + 0.02);
      volume.gain.linearRampToValueAtTime(0, start + after + TONE_S);
      tone.connect(volume).connect(this.#context.destination);
      tone.start(start + after);
      tone.stop(start + after + TONE_S);
    }
  }
}
