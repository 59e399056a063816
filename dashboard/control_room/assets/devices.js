// Unclaimed devices, open rejections, files: lists that are asked for again now and then, and three forms.

import { ask, element, Refused, send as sendFile, tell, working as workingOnce } from "./asking.js";
import { LongWork } from "./long_work.js";
import { clockTime, filled, growOld, h, KeyedList, learnWords, measured, number, say, setAge, setClock, setText, thingLink } from "./page.js";

const AGAIN_MS = 10_000;
learnWords(element("words"));

async function working(resultId, work) {
  const done = await workingOnce(resultId, work);
  look();
  return done;
}

// Reprocessing comes in slices; the sum is shown as it grows, and it may be left between two. Resolves to what is said of it.
async function goOn(work, all, first, request) {
  const total = { messages: 0, resolved: 0, open: 0, skipped: 0, written: 0 };
  let left = false;
  work.begun("", async () => (left = true));
  for (let slice = await first; ; slice = (await ask("/reprocess", { ...request, after: slice.after })).outcome) {
    for (const key of Object.keys(total)) total[key] += slice[key];
    const said = reprocessed(total);
    if (!slice.after) return said;
    if (left) return `${say("reprocess_left")} ${said}`;
    work.show({ stage: say("reprocessing"), count: said, done: Math.min(total.messages, all), of: all });
  }
}

const claiming = new LongWork("claim-work", say("claim"));
const reprocessing = new LongWork("open-work", say("reprocess"));

function reprocessed(total) {
  const counts = Object.fromEntries(Object.entries(total).map(([key, value]) => [key, number(value, 0)]));
  return filled("reprocessed", counts) + (total.skipped ? ` ${filled("skipped", counts)}` : "");
}

// The list of devices

class DeviceElement {
  constructor() {
    this.device = h("b");
    this.about = h("span");
    this.age = h("time");
    this.topic = h("p", { className: "topic" });
    this.payload = h("code", { className: "payload" });
    this.button = h("button", { type: "button", onclick: () => choose(this.item) }, say("claim"));
    this.element = h(
      "li",
      { className: "device" },
      h("p", {}, this.device),
      h("p", { className: "facts" }, this.about, this.age),
      this.topic,
      this.payload,
      this.button,
    );
  }

  update(item) {
    this.item = item;
    setText(this.device, item.shown);
    const about = [`${say("source")} ${item.source}`, `${number(item.count, 0)} ${say("messages")}`];
    if (item.domain_name) about.splice(1, 0, item.domain_name);
    about.push(`${say("first_seen")} ${clockTime(item.first_seen)}`);
    setText(this.about, about.join(" · "));
    setAge(this.age, item.last_seen);
    setText(this.topic, item.topic);
    setText(this.payload, item.payload + (item.size > item.payload.length ? ` … (${number(item.size, 0)} B)` : ""));
    this.button.setAttribute("aria-label", `${say("claim")} ${item.shown}`);
    if (chosen && keyOf(chosen) === keyOf(item)) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
  }
}

const keyOf = (item) => JSON.stringify([item.source, item.device]);
const devices = new KeyedList(element("unclaimed"), () => new DeviceElement());
const nothing = h("li", { className: "empty" }, say("no_devices"));
let listed = [];

function showDevices(found) {
  listed = found;
  for (const empty of element("unclaimed").querySelectorAll(".empty")) empty.remove();
  devices.show(found, keyOf);
  if (!found.length) element("unclaimed").append(nothing);
  setText(element("unclaimed-count"), number(found.length, 0));
}

// Open rejections

class ReasonElement {
  constructor() {
    this.word = h("th", { scope: "row" });
    this.count = h("td", { className: "number" });
    this.oldest = h("time");
    this.button = h("button", { type: "button", onclick: () => reprocess(this.reason, this.messages) }, say("reprocess"));
    this.element = h("tr", {}, this.word, this.count, h("td", {}, this.oldest), h("td", { className: "number" }, this.button));
  }

  update(item) {
    this.reason = item.reason;
    this.messages = item.count;
    setText(this.word, item.word);
    setText(this.count, number(item.count, 0));
    setAge(this.oldest, item.oldest);
    this.button.setAttribute("aria-label", `${say("reprocess")}: ${item.word}`);
  }
}

const reasons = new KeyedList(element("open"), () => new ReasonElement());
const noReason = h("tr", {}, h("td", { colSpan: 4, className: "muted" }, say("no_open")));

function showOpen(found) {
  noReason.remove();
  reasons.show(found, (item) => item.reason);
  if (!found.length) element("open").append(noReason);
}

function reprocess(reason, all) {
  working("open-result", () =>
    reprocessing.during(say("reprocessing"), () => {
      const first = ask("/reprocess", { reason }).then(({ outcome }) => outcome);
      return goOn(reprocessing, all, first, { reason });
    }),
  );
}

// The claim form

let chosen = null;
let domains = [];

function choose(item) {
  chosen = item;
  showDevices(listed);
  tell("claim-result", "");
  element("claim").hidden = false;
  element("claim-choose").hidden = true;
  setText(element("claim-device"), item.shown);
  setText(element("claim-source"), `${say("source")} ${item.source}`);
  element("new-id").value = item.own_id ?? "";
  element("new-id").readOnly = item.is_native;
  if (item.domain) element("new-domain").value = item.domain;
  showKinds();
  element("claim").scrollIntoView({ block: "nearest" });
  (way() === "existing" ? element("thing") : element("new-name-vi")).focus();
}

const way = () => new FormData(element("claim")).get("way");

function showWay() {
  const isNew = way() === "new";
  element("new").hidden = !isNew;
  element("existing").hidden = isNew;
  element("thing").required = !isNew;
  for (const id of ["new-id", "new-name-vi", "new-name-en"]) element(id).required = isNew;
}

function showKinds() {
  const domain = domains.find((one) => one.key === element("new-domain").value);
  element("kinds").replaceChildren(...(domain?.kinds ?? []).map((kind) => h("option", { value: kind })));
  element("new-kind").value = domain?.kinds[0] ?? "";
}

function newThing() {
  const value = (id) => element(id).value.trim();
  const place = { lat: element("new-lat").valueAsNumber, lon: element("new-lon").valueAsNumber, source: value("new-place-source") };
  const placed = value("new-lat") || value("new-lon") || place.source;
  return {
    id: value("new-id"),
    domain: value("new-domain"),
    kind: value("new-kind") || null,
    name_vi: value("new-name-vi"),
    name_en: value("new-name-en"),
    place: placed ? place : null,
    public: element("new-public").checked,
  };
}

element("claim").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { source, device, shown, count } = chosen;
  const body = { source, device, ...(way() === "new" ? { new: newThing() } : { thing: element("thing").value.trim() }) };
  let claimed = "";
  const done = await working("claim-result", async () => {
    const { thing, made, outcome } = await ask("/claims", body);
    claimed = thing;
    const words = filled(made ? "claimed" : "claimed_before", { device: shown, thing });
    const rest = () => goOn(claiming, count, outcome, { source, device });
    return `${words} ${await claiming.during(say("reprocessing"), rest)}`;
  });
  if (!done) return;
  element("claim-result").append(" ", thingLink(claimed, say("thing_page")));
  chosen = null;
  element("claim").reset();
  showWay();
  element("claim").hidden = true;
  element("claim-choose").hidden = false;
});
element("claim").addEventListener("change", showWay);
element("new-domain").addEventListener("change", showKinds);

// A file

let tried = null;

function forget() {
  tried = null;
  element("load-store").disabled = true;
}

async function send(dryRun) {
  const [file] = element("load-file").files;
  const source = element("load-source").value;
  let found = null;
  const done = await working("load-result", async () => {
    forget();
    element("load-found").hidden = true;
    const query = new URLSearchParams({ source, name: file.name, dry_run: dryRun ? "1" : "0" });
    found = await sendFile(`/load?${query}`, file);
    showFile(found);
    if (dryRun) tried = file;
    element("load-store").disabled = !dryRun;
    return wordsOf(found);
  });
  if (done && found.fault_count) tell("load-result", wordsOf(found), "bad");
}

function wordsOf(found) {
  const counts = { ...found, faults: found.fault_count };
  for (const key of ["observations", "written", "duplicate", "corrected", "faults"]) counts[key] = number(counts[key], 0);
  const words = [filled(found.dry_run ? "tried" : "stored", counts)];
  if (found.first) words.push(filled("time_span", { first: clockTime(found.first), last: clockTime(found.last) }));
  if (found.unknown_devices.length) words.push(filled("load_unknown", { devices: found.unknown_devices.join(", ") }));
  return words.join(" ");
}

function showFile(found) {
  const faults = found.faults.map((one) => h("li", {}, h("code", {}, one.path), ` ${one.word}: ${one.message}`));
  const more = found.fault_count - found.faults.length;
  if (more) faults.push(h("li", {}, filled("more_faults", { count: number(more, 0) })));
  const sample = found.sample.map((one) =>
    h("li", {}, h("b", {}, one.thing), ` ${one.property}: ${measured(one.result, one.decimals, one.unit)} · ${clockTime(one.time)} · ${one.provenance}`),
  );
  element("load-found").replaceChildren(...titled("faults", faults), ...titled("sample", sample));
  element("load-found").hidden = !faults.length && !sample.length;
}

const titled = (key, items) => (items.length ? [h("h3", {}, say(key)), h("ol", {}, ...items)] : []);

element("load").addEventListener("submit", (event) => {
  event.preventDefault();
  send(true);
});
element("load-store").addEventListener("click", () => {
  if (tried) send(false);
});
element("load").addEventListener("change", forget);

// What there is to choose from, and what is open: at the start, and then again and again.

async function offer() {
  const { things, domains: found, tables } = await ask("/devices/choices");
  domains = found;
  element("things").replaceChildren(...things.map((one) => h("option", { value: one.id }, one.name)));
  element("new-domain").replaceChildren(...found.map((one) => h("option", { value: one.key }, one.name)));
  element("load-source").replaceChildren(...tables.map((name) => h("option", { value: name }, name)));
  if (!tables.length) tell("load-result", say("no_sources"));
  for (const control of element("load").elements) control.disabled = !tables.length;
  forget();
}

let timer = null;

async function look() {
  clearTimeout(timer);
  try {
    const found = await ask("/devices");
    setClock(found.generated_at);
    showDevices(found.devices);
    showOpen(found.open);
    document.documentElement.removeAttribute("data-link");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    document.documentElement.dataset.link = "gone";
  }
  timer = setTimeout(look, AGAIN_MS);
}

setInterval(growOld, 1_000);
showWay();
await offer().catch((error) => tell("load-result", error.message, "bad"));
await look();
document.documentElement.dataset.ready = "1";
