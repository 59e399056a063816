// Work that lasts: a bar, what is done just now, for how long, and a button that ends it. One for each place of a page.

import { ask, element, fetchedLines, Refused } from "./asking.js";
import { filled, h, say, setText } from "./page.js";

// What was cancelled is no fault; the message says what it has left behind.
export class Cancelled extends Refused {
  constructor(message) {
    super(message, "cancelled");
    this.kind = "";
  }
}

export class LongWork {
  #timer = null;
  #cancel = null;
  #elapsed = "";

  constructor(parentId, title) {
    this.parent = element(parentId);
    this.bar = h("progress", { "aria-label": title });
    this.button = h("button", { type: "button", onclick: () => this.#cancelled() });
    this.stage = h("p", { className: "stage", role: "status" }); // counts and seconds beside it would be read out on and on
    this.count = h("p", { className: "hint" });
    this.parent.classList.add("long-work");
    this.parent.replaceChildren(this.stage, this.count, h("div", { className: "buttons" }, this.bar, this.button));
    this.parent.hidden = true;
  }

  // Asks the server for work that answers line by line. Resolves to what was found; throws Refused or Cancelled.
  async follow(path, options = {}) {
    return this.during(say("working"), async () => {
      for await (const line of fetchedLines(path, options)) {
        if (line.found) return line.found;
        if (line.refused) throw new Refused(line.refused, line.code);
        if (line.stopped) throw new Cancelled(line.stopped);
        if (line.work) this.begun(line.bound, () => ask(`/long-work/${line.work}/stop`, {}));
        else this.show(line);
      }
      throw new Refused(say("work_lost"), "lost");
    });
  }

  // Shows the bar while something of the page's own runs; `begun` gives it its button.
  async during(stage, work) {
    const before = document.activeElement;
    const start = performance.now();
    const tick = () => {
      this.#elapsed = filled("work_elapsed", { seconds: Math.floor((performance.now() - start) / 1_000) });
      this.#tell();
    };
    this.reached = {};
    this.begun("", null);
    this.show({ stage });
    this.parent.hidden = false;
    tick();
    this.#timer = setInterval(tick, 1_000);
    try {
      return await work();
    } finally {
      clearInterval(this.#timer);
      const held = this.parent.contains(document.activeElement);
      this.parent.hidden = true;
      if (held && before?.isConnected) before.focus();
    }
  }

  // `cancel` asks for the end, which comes as the work's own last word; null: it can't be asked for yet.
  begun(bound, cancel) {
    this.bound = bound;
    this.#cancel = cancel;
    this.button.disabled = !cancel;
    this.button.removeAttribute("aria-disabled");
    setText(this.button, say("work_cancel"));
    this.#tell();
  }

  // of 0, or nothing: nobody knows how much it is.
  show({ stage, count = "", done = 0, of = 0 }) {
    this.reached = { count };
    setText(this.stage, stage);
    if (of) Object.assign(this.bar, { max: of, value: done });
    else this.bar.removeAttribute("value");
    this.#tell();
  }

  #tell() {
    setText(this.count, [this.reached.count, this.#elapsed, this.bound].filter(Boolean).join(" · "));
  }

  async #cancelled() {
    const cancel = this.#cancel;
    if (!cancel) return;
    this.#cancel = null;
    this.button.setAttribute("aria-disabled", "true"); // disabled it would lose the focus
    setText(this.button, say("work_cancelling"));
    try {
      await cancel();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.code === "no_work" || this.parent.hidden) return; // it has just ended: its last word is on its way
      this.begun(this.bound, cancel);
    }
  }
}
