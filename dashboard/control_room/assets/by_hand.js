// Entering by hand: what, where, what is seen, until when. What is said of it is what ingest made of it.

import { plain } from "../static/plain.js";
import { ask, element, keepLooking, Refused, showRows, tell, working, written } from "./asking.js";
import { filled, h, language, learnWords, number, say, setClock, setText } from "./page.js";

const AGAIN_MS = 5_000;
const MOST_PLACES = 6;
learnWords(element("words"));

let matters = [];
let matter = null;
let place = null; // the id of what was chosen
let here = null; // {lat, lon} of the phone, once it was asked for

function pick(name, value, text, checked, onChoose, small = "") {
  const input = h("input", { type: "radio", name, value, checked });
  input.addEventListener("change", onChoose);
  return h("label", { className: "pick" }, input, h("span", {}, text), small ? h("small", {}, small) : "");
}

// What

function showMatters() {
  element("matters").replaceChildren(...matters.map((one) => pick("matter", one.key, one.name, one === matter, () => choose(one))));
}

function choose(one) {
  matter = one;
  place = null;
  element("find").value = "";
  element("length").value = String(one.minutes);
  fitLength();
  showPlaces();
  showValues();
}

// Where

function distance(thing) {
  if (!here || thing.lat === null) return null;
  const rad = Math.PI / 180;
  const x = (thing.lon - here.lon) * rad * Math.cos(((thing.lat + here.lat) / 2) * rad);
  return Math.hypot(x, (thing.lat - here.lat) * rad) * 6_371_009;
}

const far = (metres) => (metres < 1000 ? `${number(metres, 0)} m` : `${number(metres / 1000, 1)} km`);

function showPlaces() {
  const wanted = plain(element("find").value);
  const found = matter.things.filter((thing) => plain(thing.name).includes(wanted) || thing.id.includes(wanted));
  if (here) found.sort((a, b) => (distance(a) ?? Infinity) - (distance(b) ?? Infinity));
  const chosen = found.filter((thing) => thing.id === place);
  const shown = [...chosen, ...found.filter((thing) => thing.id !== place)].slice(0, MOST_PLACES);
  element("places").replaceChildren(...shown.map((thing) => {
    const metres = distance(thing);
    return pick("place", thing.id, thing.name, thing.id === place, () => (place = thing.id), metres === null ? "" : far(metres));
  }));
  const more = found.length - shown.length;
  setText(element("more"), found.length ? (more ? filled("manual_more", { count: more }) : "") : say("manual_none_found"));
}

function nearest() {
  const refused = () => tell("near-result", say("manual_no_position"), "bad");
  if (!navigator.geolocation) return refused();
  tell("near-result", say("working"));
  return navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      here = { lat: coords.latitude, lon: coords.longitude };
      tell("near-result", "");
      showPlaces();
    },
    refused,
    { enableHighAccuracy: true, timeout: 10_000, maximumAge: 60_000 },
  );
}

// What is seen

function showValues() {
  element("values").classList.toggle("many", matter.properties.length > 1);
  element("values").replaceChildren(...matter.properties.map(field));
}

function field(one) {
  if (one.boolean) {
    const box = (value, text) => pick(`value-${one.key}`, value, text, value === "1", () => {});
    return h("div", { role: "group", "aria-label": one.name }, h("p", {}, one.name), h("div", { className: "two" }, box("1", say("manual_yes")), box("0", say("manual_no"))));
  }
  const input = h("input", { id: `value-${one.key}`, inputMode: "decimal", autocomplete: "off" });
  const usual = one.range ? h("small", {}, one.range) : "";
  const label = h("label", {}, one.name, h("span", { className: "with-unit" }, input, one.unit), usual);
  if (!one.states.length) return label;
  const states = one.states.map((state) => {
    const made = pick("state", String(state.depth), state.name, false, () => (input.value = String(state.depth)));
    return made;
  });
  input.addEventListener("input", () => mark(one, input.value));
  return h("div", { className: "values-of-choice" }, h("div", { className: "states", role: "group", "aria-label": say("manual_state") }, ...states), label);
}

// The state that a depth is in is marked while the depth is typed.
function mark(one, text) {
  const depth = decimal(text);
  const state = one.states.find((each) => each.below === null || depth < each.below);
  for (const box of document.querySelectorAll("input[name=state]")) box.checked = !Number.isNaN(depth) && Number(box.value) === state?.depth;
}

// "12,5" and "12.5" → 12.5; NaN for what is no number.
const decimal = (text) => (text.trim() === "" ? NaN : Number(text.trim().replace(",", ".")));

function results() {
  const found = {};
  for (const one of matter.properties) {
    if (one.boolean) {
      found[one.key] = document.querySelector(`input[name="value-${one.key}"]:checked`)?.value === "1";
      continue;
    }
    const text = element(`value-${one.key}`).value;
    if (!text.trim()) continue;
    found[one.key] = decimal(text);
    if (Number.isNaN(found[one.key])) throw new Refused(`${one.name}: ${text}?`, "number");
  }
  return found;
}

// Until when, and off it goes

function fitLength() {
  element("until-label").hidden = element("length").value !== "";
}

function asked() {
  if (!place) throw new Refused(say("manual_choose"), "place");
  const length = element("length").value;
  return {
    matter: matter.key,
    thing: place,
    results: results(),
    at: written(element("at").value),
    minutes: Number(length) || null,
    until: length ? null : written(element("until").value),
    note: element("note").value,
  };
}

const BAD = new Set(["rejected", "unsent", "sent", "partly"]);

async function enter(event) {
  event.preventDefault();
  let outcome = null;
  const work = async () => {
    const body = asked();
    tell("entry-result", say("manual_waiting"));
    const made = await ask("/by-hand", body);
    outcome = made.outcome;
    return made.words;
  };
  if (!(await working("entry-result", work))) return;
  if (BAD.has(outcome)) element("entry-result").className = "result bad";
  if (outcome === "stored") {
    for (const id of ["at", "until", "note"]) element(id).value = "";
    showValues();
  }
  await look();
}

// What was entered

function row(one) {
  const body = h("div", { className: one.holds ? "" : "over" }, h("p", { className: "title" }, one.name), h("p", {}, one.values.join("; ")),
    h("small", {}, one.state), ...one.lines.map((line) => h("small", {}, line)));
  if (!one.holds) return h("li", {}, body);
  return h("li", { className: "with-button" }, body,
    h("button", { type: "button", "aria-label": filled("manual_cancel_number", one), onclick: () => cancel(one) }, say("manual_cancel")));
}

async function cancel(one) {
  await working("list-result", async () => {
    await ask(`/by-hand/${one.id}/cancel`, {});
    return filled("manual_done_cancel", one);
  });
  await look();
}

async function offer() {
  const found = await ask("/by-hand/choices");
  element("off").hidden = found.set_up;
  element("writing").hidden = !found.set_up;
  ({ matters } = found);
  for (const one of matters) one.things.sort((a, b) => a.name.localeCompare(b.name, language, { numeric: true }));
  choose(matters[0]);
  showMatters();
}

const look = keepLooking(
  async () => {
    if (!matters.length) await offer();
    const found = await ask("/by-hand");
    setClock(found.generated_at);
    showRows(element("entries"), found.entries, row, "manual_empty");
  },
  { everyMs: AGAIN_MS, faultId: "fault" },
);

element("entry").addEventListener("submit", enter);
element("find").addEventListener("input", showPlaces);
element("near").addEventListener("click", nearest);
element("length").addEventListener("change", fitLength);
await look();
document.documentElement.dataset.ready = "1";
