// Maintenance notes of a Thing: they are read by everybody, written and withdrawn by operators.

import { ask, element, Refused, showRows, working, written } from "./asking.js";
import { h, say } from "./page.js";

export class ThingNotes {
  constructor(thing, { mayAct, onChange }) {
    this.path = `/things/${encodeURIComponent(thing)}/notes`;
    this.mayAct = mayAct;
    this.onChange = onChange;
    element("noting").hidden = !mayAct;
    element("notes-viewer").hidden = mayAct;
    element("note-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
  }

  show(notes) {
    showRows(element("notes"), notes, (one) => this.#row(one), "notes_none");
  }

  #row(one) {
    const text = h(one.withdrawn ? "s" : "span", { className: "said" }, one.text);
    const row = h("li", {}, h("div", {},
      h("p", { className: "facts" }, h("b", {}, one.kind_word), h("span", {}, one.when)),
      h("p", {}, text),
      h("small", {}, one.withdrawn ? `${one.by}; ${one.withdrawn}` : one.by)));
    if (this.mayAct && !one.withdrawn) {
      row.classList.add("with-button");
      const name = say("notes_withdraw_of").replace("{text}", () => one.text);
      row.append(h("button", { type: "button", "aria-label": name, onclick: () => this.#withdraw(one) }, say("notes_withdraw")));
    }
    return row;
  }

  async #add() {
    const work = async () => {
      const begins = time(element("note-from").value);
      if (!begins) throw new Refused(say("refused_note_start"), "note_start");
      const body = { kind: element("note-kind").value, text: element("note-text").value, starts_at: begins, ends_at: time(element("note-to").value) };
      await ask(this.path, body);
      return say("notes_added");
    };
    if (!(await working("notes-result", work))) return;
    for (const name of ["text", "from", "to"]) element(`note-${name}`).value = "";
    await this.onChange();
  }

  async #withdraw(one) {
    const work = async () => {
      await ask(`${this.path}/${one.id}/withdraw`, {});
      return say("notes_is_withdrawn");
    };
    if (await working("notes-result", work)) await this.onChange();
  }
}

// A day without a clock is meant from its beginning.
function time(text) {
  const found = written(text);
  return found && !found.includes("T") ? `${found}T00:00` : found;
}
