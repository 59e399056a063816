// Citizens' reports: what waits with its picture, place and likely duplicates; confirm, merge, reject, answer, close.

import { openStream } from "../static/live.js";
import { createCityMap } from "../static/map.js";
import { ask, aged, element, keepLooking, setResult, Refused, showRows, tell, working } from "./asking.js";
import { filled, growOld, h, learnWords, say, setClock, setText } from "./page.js";

const AGAIN_MS = 10_000; // the stream tells at once
const words = element("words");
learnWords(words);
const mayAct = words.dataset.mayAct === "1";

// The rows

function button(name, key, one, act, primary = false) {
  return h("button", { type: "button", className: primary ? "primary" : "", "aria-label": filled(key, one), onclick: act }, say(name));
}

function row(one) {
  return h("li", { className: `report ${one.state}`, id: `report-${one.id}` },
    one.photo ? picture(one) : "",
    h("div", { className: "about" },
      h("p", { className: "facts" }, h("b", {}, one.service_name), h("code", {}, one.number), h("span", { className: "state" }, one.state_words), aged(one.requested_at)),
      h("p", {}, one.place),
      h("blockquote", { lang: one.language }, one.description),
      h("p", { className: "muted" }, `${one.sent} · ${say(`citizen_written_in_${one.language}`)}`),
      contactOf(one),
      ...one.lines.map((line) => h("small", {}, line)),
      suggestions(one),
      h("div", { className: "buttons" }, ...buttons(one))));
}

function picture(one) {
  return h("a", { href: one.photo, target: "_blank", rel: "noopener", className: "picture" },
    h("img", { src: one.photo, alt: filled("citizen_photo_of", one), loading: "lazy" }));
}

function contactOf(one) {
  if (one.contact) return h("p", {}, filled("citizen_contact", one));
  return one.has_contact ? h("p", { className: "muted" }, say("citizen_has_contact")) : "";
}

function buttons(one) {
  const show = button("citizen_show", "citizen_show_number", one, () => go(one));
  if (!mayAct) return [show];
  const made = [];
  if (one.state === "new") {
    made.push(button("citizen_confirm", "citizen_confirm_title", one, () => open("confirm", one), true));
    made.push(button("citizen_reject", "citizen_reject_title", one, () => open("reject", one)));
  }
  if (one.state !== "merged") made.push(button("citizen_answer", "citizen_answer_title", one, () => open("answer", one)));
  if (one.isOpen && one.state === "confirmed") made.push(button("citizen_close", "citizen_close_number", one, () => act(one, "close", "citizen_done_close")));
  made.push(show);
  if (one.has_contact) made.push(button("citizen_forget", "citizen_forget_number", one, () => surely(one, "forget-contact", "citizen_done_forget")));
  if (one.photo) made.push(button("citizen_remove_photo", "citizen_remove_photo_number", one, () => surely(one, "remove-photo", "citizen_done_photo")));
  return made;
}

function suggestions(one) {
  if (!one.near?.length) return "";
  return h("div", { className: "near" }, h("h3", {}, say("citizen_near")), h("ul", {}, ...one.near.map((other) => h("li", {},
    h("span", {}, h("code", {}, other.number), ` ${other.words}: `, h("q", {}, other.description.slice(0, 160))),
    mayAct ? h("button", { type: "button", onclick: () => act(one, "merge", "citizen_done_merge", { into: other.id }) }, filled("citizen_merge", other)) : ""))));
}

// What is done

async function act(one, name, done, body = {}) {
  await working("result", async () => {
    await ask(`/citizen-reports/${one.id}/${name}`, body);
    return filled(done, one);
  });
  await look();
}

function surely(one, name, done) {
  if (confirm(say("citizen_sure"))) act(one, name, done);
}

const DIALOGS = {
  confirm: {
    title: "citizen_confirm_title",
    done: "citizen_done_confirm",
    fill(one) {
      element("confirm-text").value = one.description;
      element("confirm-photo").checked = false;
      element("confirm-photo-label").hidden = !one.photo;
      element("confirm-hours-label").hidden = !one.is_flood;
    },
    body: () => ({ text: element("confirm-text").value, photo: element("confirm-photo").checked, hours: Number(element("confirm-hours").value) }),
  },
  reject: {
    title: "citizen_reject_title",
    done: "citizen_done_reject",
    fill(one) {
      element("reject-reason").value = "";
      element("reject-reason").lang = one.language;
    },
    body: () => ({ reason: element("reject-reason").value }),
  },
  answer: {
    title: "citizen_answer_title",
    done: "citizen_done_answer",
    fill(one) {
      element("answer-vi").value = one.answer.vi;
      element("answer-en").value = one.answer.en;
    },
    body: () => ({ vi: element("answer-vi").value, en: element("answer-en").value }),
  },
};
let asked = null; // the report that a dialog is of

function open(name, one) {
  asked = one;
  setText(element(`${name}-title`), filled(DIALOGS[name].title, one));
  setResult(element(`${name}-result`), "");
  DIALOGS[name].fill(one);
  element(name).showModal();
}

for (const [name, dialog] of Object.entries(DIALOGS)) {
  const box = element(name);
  box.querySelector("[data-closes]").addEventListener("click", () => box.close());
  box.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const submit = box.querySelector("[type=submit]");
    submit.disabled = true;
    try {
      await ask(`/citizen-reports/${asked.id}/${name}`, dialog.body());
      tell("result", filled(dialog.done, asked), "good");
      box.close();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setResult(element(`${name}-result`), error.message, "bad");
    } finally {
      submit.disabled = false;
    }
    await look();
  });
}

// The map: a number at each place, the same as its row begins with

const map = createCityMap(element("reports-map"), {
  basemap: "/ops/api/basemap.geojson", tiles: words.dataset.tiles || null, attribution: say("attribution"), zoomIn: say("zoom_in"), zoomOut: say("zoom_out"),
});
let unpin = [];

function showPins(open) {
  unpin.forEach((take) => take());
  unpin = open.map((one) => map.pin([one.lat, one.lon], h("span", { className: `report-pin ${one.state}`, title: one.place }, one.number.slice(0, 3))));
}

function go(one) {
  element("reports-map").scrollIntoView({ block: "nearest" });
  map.leaflet.setView([one.lat, one.lon], 16, { animate: false });
  element("reports-map").focus({ preventScroll: true });
}

let pinned = "";
const look = keepLooking(
  async () => {
    const found = await ask("/citizen-reports");
    setClock(found.generated_at);
    for (const name of ["new", "confirmed"]) {
      setText(element(`${name}-count`), found[name].length || "");
      showRows(element(name), found[name].map((one) => ({ ...one, isOpen: true })), row, "citizen_none");
    }
    showRows(element("over"), found.over.map((one) => ({ ...one, isOpen: false })), row, "citizen_none");
    const open = [...found.new, ...found.confirmed];
    const places = JSON.stringify(open.map(({ id, state }) => [id, state]));
    if (places !== pinned) showPins(open);
    pinned = places;
    growOld();
  },
  { everyMs: AGAIN_MS, faultId: "fault" },
);

new ResizeObserver(() => map.refit()).observe(element("reports-map"));
setInterval(growOld, 1_000);
openStream("/ops/stream", { onItems() {}, onState() {}, onChange: (what) => what.includes("room") && look() });
await look();
document.documentElement.dataset.ready = "1";
