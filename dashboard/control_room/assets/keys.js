// Single-key shortcuts. They never fire while somebody types or a dialog is open, can be turned off, and are listed by "?".

import { keep, kept } from "./kept.js";
import { h, say } from "./page.js";

const NAMES = { ArrowDown: "↓", ArrowUp: "↑", Enter: "Enter" };
const SPOKEN_TO = "input:not([type=checkbox], [type=button]), textarea, select, [contenteditable]";

export class Keys {
  #shortcuts = []; // {keys, words, run, within}
  #on = kept("keys", "on") === "on";

  constructor() {
    addEventListener("keydown", (event) => this.#pressed(event));
    this.add(["?"], "key_help", () => this.showHelp());
  }

  // Keys that mean something else elsewhere: `within`, a selector, while focus is in it; `at`, while it is on just that.
  add(keys, words, run, { within, at } = {}) {
    const fits = (target) => (!within || target.closest(within)) && (!at || target.matches(at));
    this.#shortcuts.push({ keys, words, run, fits });
  }

  showHelp() {
    const rows = this.#shortcuts.map(({ keys, words }) =>
      h("div", {}, h("dt", {}, ...keys.flatMap((key) => [h("kbd", {}, NAMES[key] ?? key), " "])), h("dd", {}, say(words))));
    const on = h("input", { type: "checkbox", id: "keys-on", checked: this.#on, onchange: () => this.#turn(on.checked) });
    const dialog = h("dialog", { className: "ask", "aria-labelledby": "keys-title" }, h("h2", { id: "keys-title" }, say("keys")), h("dl", { className: "keys" }, ...rows),
      h("label", { className: "check" }, on, say("keys_on")), h("p", { className: "muted" }, say("keys_off_hint")),
      h("div", { className: "buttons" }, h("button", { type: "button", onclick: () => dialog.close() }, say("close"))));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  #turn(on) {
    this.#on = on;
    keep("keys", on ? "on" : "off");
  }

  #pressed(event) {
    if (!this.#on || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.(SPOKEN_TO) || document.querySelector("dialog[open]")) return;
    const found = this.#shortcuts.find(({ keys, fits }) => keys.includes(event.key) && fits(event.target));
    if (!found) return;
    event.preventDefault();
    found.run(event);
  }
}
