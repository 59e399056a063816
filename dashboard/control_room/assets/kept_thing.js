// Keeping one Thing: what is in force beside the inventory's files, where it stood, its sensors; and the dialogs that
// edit, move, replace a sensor, retire and bring back.

import { ask, element, keepLooking, Refused, showRows, working, written } from "./asking.js";
import { filled, h, now, say, setText } from "./page.js";
import { Checks, PlaceFields } from "./place_fields.js";

const AGAIN_MS = 10_000;
const { thing, mayAct } = element("words").dataset;
const acts = mayAct === "1";
const path = `/things/${encodeURIComponent(thing)}`;

let kept = null;
let choices = null;
const places = {};
const more = new Checks(element("edit-more"));
const sensed = new Checks(element("sensor-properties"));

function show(found) {
  kept = found;
  element("kept-retired").hidden = !found.retired;
  setText(element("kept-retired"), found.retired ?? "");
  setText(element("kept-note"), found.note);
  setText(element("kept-origin"), found.origin);
  showRows(element("kept-held"), found.held, heldRow);
  showRows(element("kept-places"), found.places, placeRow);
  showRows(element("kept-sensors"), found.sensors, sensorRow, "sensors_none");
  element("kept-buttons").hidden = !acts;
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.hidden = button.dataset.opens === "back" ? !found.retired : button.dataset.opens === "retire" && Boolean(found.retired);
  }
  element("kept-panel").hidden = false;
}

function heldRow(one) {
  const lines = [h("p", { className: "facts" }, h("b", {}, one.name), h("span", { className: "muted" }, one.by))];
  lines.push(h("p", {}, h("small", {}, say("held_in_force")), one.in_force));
  if (one.differs) lines.push(h("p", {}, h("small", {}, say("held_file")), h("s", {}, one.file)));
  lines.push(h("small", { className: one.differs ? "doubt" : "" }, one.words));
  const body = h("div", {}, ...lines);
  if (!acts) return h("li", {}, body);
  const button = h("button", { type: "button", "aria-label": filled("held_follow_of", one), onclick: () => follow(one.field) }, say("held_follow"));
  return h("li", { className: "with-button" }, body, button);
}

const placeRow = (one) =>
  h("li", { className: one.now ? "now" : "" }, h("p", { className: "facts" }, h("b", {}, one.when)),
    h("p", {}, [one.place, one.source].filter(Boolean).join(" · ")), h("small", {}, one.why));

const sensorRow = (one) =>
  h("li", {}, h("p", { className: "facts" }, h("b", {}, one.property), h("span", {}, one.sensor), h("span", { className: "muted" }, one.since)),
    h("p", {}, [one.calibration, one.note].filter(Boolean).join(" · ")), h("small", {}, one.why));

async function follow(field) {
  await working("kept-result", async () => {
    await ask(`${path}/follow-file`, { field });
    return say("kept_followed");
  });
  await look();
}

// The dialogs

const value = (id) => element(id).value;

function decimal(id, key) {
  const text = value(id).trim().replace(",", ".");
  const found = Number(text || NaN);
  if (Number.isNaN(found)) throw new Refused(filled("kept_number", { field: say(key) }), "number");
  return found;
}

// "name: value" a line; a value that is JSON is taken as such, any other as text.
function attributes(text) {
  const found = {};
  text.split("\n").forEach((line, n) => {
    if (!line.trim()) return;
    const at = line.indexOf(":");
    if (at < 1) throw new Refused(filled("kept_attributes_line", { line: n + 1 }), "attributes");
    const said = line.slice(at + 1).trim();
    try {
      found[line.slice(0, at).trim()] = JSON.parse(said);
    } catch {
      found[line.slice(0, at).trim()] = said;
    }
  });
  return found;
}

const since = (id) => written(value(id));

const DIALOGS = {
  edit: {
    open() {
      const { values } = kept;
      element("edit-name-vi").value = values.name_vi;
      element("edit-name-en").value = values.name_en;
      element("edit-public").checked = values.public;
      element("edit-note").value = values.note;
      element("edit-attributes").value = values.attributes;
      more.offer(kept.more);
      places.edit.set(null);
    },
    body: () => ({
      name_vi: value("edit-name-vi"), name_en: value("edit-name-en"), public: element("edit-public").checked,
      note: value("edit-note"), attributes: attributes(value("edit-attributes")), properties: more.ticked(), place: places.edit.get(),
    }),
    done: "kept_edited",
  },
  move: {
    open() {
      const { lat, lon } = kept.values;
      places.move.set(lat === null ? null : { lat, lon, trust: "M", source: "" });
    },
    body() {
      const place = places.move.get();
      if (!place) throw new Refused(say("things_degrees"), "place");
      return { place, since: since("move-since"), reason: value("move-reason") };
    },
    done: "kept_moved",
  },
  sensor: {
    open: () => sensed.offer(kept.sensed, kept.sensed.length === 1 ? [kept.sensed[0].key] : []),
    body: () => ({
      properties: sensed.ticked(), since: since("sensor-since"), model: value("sensor-model"), serial: value("sensor-serial"),
      gain: decimal("sensor-gain", "kept_gain"), offset: decimal("sensor-offset", "kept_offset"),
      calibration_note: value("sensor-certificate"), reason: value("sensor-reason"),
    }),
    done: "kept_replaced",
  },
  retire: { open() {}, body: () => ({ since: since("retire-since"), reason: value("retire-reason") }), done: "kept_retired" },
  back: { address: "bring-back", open() {}, body: () => ({ reason: value("back-reason") }), done: "kept_brought_back" },
};

// Now as "22/11/2026 17:00", the time that most changes are of.
function nowWritten() {
  const [date, time] = new Date(now()).toLocaleString("sv-SE", { timeZone: "Asia/Ho_Chi_Minh" }).split(" ");
  return `${date.split("-").reverse().join("/")} ${time.slice(0, 5)}`;
}

async function open(name) {
  if (!choices) {
    const asked = await working("kept-result", async () => {
      choices = await ask("/inventory/choices");
      return "";
    });
    if (!asked) return;
    for (const one of ["edit", "move"]) places[one] = new PlaceFields(element(`${one}-place`), choices, one);
  }
  element(name).querySelector("form").reset();
  const field = element(`${name}-since`);
  if (field) field.value = nowWritten();
  setText(element(`${name}-result`), "");
  DIALOGS[name].open();
  element(name).showModal();
}

async function submit(event, name) {
  event.preventDefault();
  const dialog = DIALOGS[name];
  let words = "";
  const work = async () => {
    const done = await ask(`${path}/${dialog.address ?? name}`, dialog.body());
    words = filled(dialog.done, done);
    return words;
  };
  if (!(await working(`${name}-result`, work))) return;
  element(name).close();
  element("kept-result").className = "result good";
  setText(element("kept-result"), words);
  await look();
}

for (const button of document.querySelectorAll("[data-opens]")) button.addEventListener("click", () => open(button.dataset.opens));
for (const name of Object.keys(DIALOGS)) {
  element(name).querySelector("form").addEventListener("submit", (event) => submit(event, name));
  element(name).querySelector("[data-closes]").addEventListener("click", () => element(name).close());
}

const look = keepLooking(async () => show(await ask(`${path}/kept`)), { everyMs: AGAIN_MS, faultId: "kept-fault" });
await look();
document.documentElement.dataset.kept = "1";
