// What is noted on a domain's charts: read by everybody, written and withdrawn by operators.

import { ask, element, Refused, showRows, working, written } from "./asking.js";
import { h, now, say, thingLink } from "./page.js";
import { local } from "./range_bar.js";

export class DomainNotes {
  #subjects = [];

  constructor(path, { mayAct, rangeOf, onChange }) {
    Object.assign(this, { path: `${path}/notes`, mayAct, rangeOf, onChange });
    element("note-open").hidden = !mayAct;
    element("notes-viewer").hidden = mayAct;
    element("note-open").addEventListener("click", () => this.open());
    element("note-cancel").addEventListener("click", () => element("noting").close());
    element("note-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
  }

  show(notes, subjects) {
    showRows(element("notes"), notes, (one) => this.#row(one), "annotations_none");
    this.#subjects = subjects;
    const options = subjects.flatMap(({ domain, name, things }) => [
      [domain, "", say("annotations_whole").replace("{name}", () => name)],
      ...things.map((thing) => [domain, thing.id, thing.name]),
    ]);
    showRows(element("note-about"), options, ([domain, thing, name]) => h("option", { value: `${domain}/${thing}` }, name));
  }

  // About the span that is shown where it is a fixed one, else about now.
  open() {
    const { live, found } = this.rangeOf();
    element("note-from").value = shown(live || !found ? local(now()) : found.from);
    element("note-to").value = live || !found ? "" : shown(found.to);
    element("noting-result").textContent = "";
    element("noting").showModal();
    element("note-text").focus();
  }

  #row(one) {
    const text = h(one.withdrawn ? "s" : "span", { className: "said" }, one.text);
    const row = h("li", {}, h("div", {},
      h("p", { className: "facts" }, h("b", {}, thingLink(one.thing, one.about)), h("span", {}, one.when)),
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
    const [domain, thing] = element("note-about").value.split("/");
    const work = async () => {
      const begins = time(element("note-from").value);
      if (!element("note-text").value.trim()) throw new Refused(say("refused_annotation_empty"), "annotation_empty");
      if (!begins) throw new Refused(say("refused_note_start"), "note_start");
      await ask(this.path, { domain, thing: thing || null, text: element("note-text").value, starts_at: begins, ends_at: time(element("note-to").value) });
      return say("annotations_added");
    };
    if (!(await working("noting-result", work))) return;
    element("note-text").value = "";
    element("noting").close();
    await this.onChange();
    element("notes-result").textContent = say("annotations_added");
  }

  async #withdraw(one) {
    const work = async () => {
      await ask(`${this.path}/${one.id}/withdraw`, {});
      return say("annotations_withdrawn");
    };
    if (await working("notes-result", work)) await this.onChange();
  }
}

// 2026-11-22T10:05:00 as people here write it, and back: a day without a clock is meant from its beginning.
const shown = (text) => `${text.slice(8, 10)}/${text.slice(5, 7)}/${text.slice(0, 4)} ${text.slice(11, 16)}`;

function time(text) {
  const found = written(text);
  return found && !found.includes("T") ? `${found}T00:00` : found;
}
