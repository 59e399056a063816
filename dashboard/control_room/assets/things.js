// All Things: found, filtered and exported; one is added by the form, many by a CSV that is looked at first.

import { plain } from "../static/plain.js";
import { ask, aged, element, keepLooking, Refused, showRows, showTable, tell, working } from "./asking.js";
import { LongWork } from "./long_work.js";
import { filled, growOld, h, language, learnWords, say, setClock, setText, thingLink } from "./page.js";
import { Checks, PlaceFields } from "./place_fields.js";

const AGAIN_MS = 5_000;
const MOST = 200;
learnWords(element("words"));
const mayAct = element("words").dataset.mayAct === "1";

let things = [];
let choices = null;

// The list

const FILTERS = { q: "find", domain: "in-domain", ward: "in-ward", state: "in-state" };

function asked() {
  const found = Object.fromEntries(Object.entries(FILTERS).map(([key, id]) => [key, element(id).value.trim()]).filter(([, value]) => value));
  return element("with-parts").checked ? { ...found, parts: "1" } : found;
}

function chosen() {
  const { q = "", domain, ward, state, parts } = asked();
  const words = plain(q).split(/\s+/).filter(Boolean);
  return things.filter((one) =>
    (!one.part || parts || words.length) && words.every((word) => one.sought.includes(word)) && (!domain || one.domain === domain)
      && (!ward || (one.ward || "-") === ward) && (!state || one.state === state));
}

function row(one) {
  const facts = [one.domain_name, one.kind, one.ward_name].join(" · ");
  const newest = one.newest ? h("span", { className: "muted" }, `${say("things_newest")} `, aged(one.newest)) : "";
  const badges = one.public ? [] : [h("span", { className: "badge" }, say("things_not_public"))];
  return h("li", { className: `kept ${one.state}` },
    h("p", { className: "facts" }, h("b", {}, thingLink(one.id, one.name)), h("code", {}, one.id), ...badges),
    h("p", { className: "facts" }, h("b", { className: "state-word" }, one.state_word), newest, h("span", { className: "muted" }, facts)),
    h("small", { className: one.differs ? "doubt" : "" }, one.origin));
}

function show() {
  const found = chosen();
  setText(element("list-count"), found.length === things.length ? String(things.length) : `${found.length} / ${things.length}`);
  const focused = element("list").contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  showRows(element("list"), found.slice(0, MOST), row, "things_none");
  if (focused && !element("list").contains(document.activeElement)) element("list").querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  setText(element("more"), found.length > MOST ? filled("things_more", { count: found.length - MOST }) : "");
  const query = new URLSearchParams({ ...asked(), lang: language });
  element("csv").href = `/ops/api/inventory/things.csv?${query}`;
  element("excel").href = `/ops/api/inventory/things.csv?${query}&for=excel`;
}

// The form for one

let place = null;
const properties = new Checks(element("properties"));
const domainOf = () => choices.domains.find((one) => one.key === element("domain").value);
let ownId = false; // somebody wrote an id

// "Trạm mưa Cầu Giấy" → "tram-mua-cau-giay"
const suggested = (name) => plain(name).replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 64);

function fit(event) {
  if (event?.target === element("id")) ownId = element("id").value.trim() !== "";
  if (!ownId) element("id").value = suggested(element("name-vi").value);
  const topic = `hanoi/v1/${element("domain").value}/${element("id").value || "…"}/observations`;
  setText(element("id-hint"), filled("things_id_hint", { topic }));
}

function fitDomain() {
  const domain = domainOf();
  element("kind").replaceChildren(...domain.kinds.map((one) => h("option", { value: one.key }, one.name)));
  properties.offer(domain.properties.map((one) => ({ key: one.key, name: one.unit ? `${one.name} (${one.unit})` : one.name })));
  fit();
}

async function add(event) {
  event.preventDefault();
  const work = async () => {
    const made = await ask("/inventory", {
      id: element("id").value.trim(), domain: element("domain").value, kind: element("kind").value,
      name_vi: element("name-vi").value, name_en: element("name-en").value, place: place.get(),
      properties: properties.ticked(), public: element("public").checked, note: element("note").value,
    });
    return filled("things_made", made);
  };
  if (await working("new-result", work)) {
    element("new").reset();
    place.set(null);
    ownId = false;
    fitDomain();
  }
  await look();
}

// Many by CSV

let checked = null; // {file, digest}
const bulk = new LongWork("bulk-work", say("bulk"));

const sent = (act, file, more = {}) => {
  const query = new URLSearchParams({ name: file.name, ...more, lang: language });
  return bulk.follow(`/ops/api/inventory/${act}?${query}`, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });
};

async function check(event) {
  event.preventDefault();
  const [file] = element("file").files;
  forget();
  const work = async () => {
    if (!file) throw new Refused(say("bulk_no_file"), "file");
    const found = await sent("check", file);
    showPlan(found);
    const { counts } = found;
    if (!counts.refused && counts.made + counts.changed) checked = { file, digest: found.digest };
    element("apply").disabled = !checked;
    return `${found.words} ${say("bulk_dry")}${counts.refused ? ` ${say("bulk_mend")}` : ""}`;
  };
  await working("bulk-result", work);
}

async function apply() {
  if (!checked) return;
  const { file, digest } = checked;
  const work = async () => {
    const found = await sent("apply", file, { digest });
    showPlan(found);
    return `${say("bulk_done")} ${found.words}`;
  };
  await working("bulk-result", work);
  checked = null;
  element("apply").disabled = true;
  await look();
}

function showPlan(found) {
  element("bulk-found").hidden = false;
  showTable(element("bulk-rows"), found.rows, (one) => [
    h("td", { className: "number" }, String(one.line)), h("th", { scope: "row" }, one.id),
    h("td", { className: `verdict ${one.verdict}` }, one.verdict_word),
    h("td", {}, ...one.words.map((text) => h("span", { className: "line" }, text))),
  ]);
}

function forget() {
  checked = null;
  element("apply").disabled = true;
  element("bulk-found").hidden = true;
}

async function offer() {
  choices = await ask("/inventory/choices");
  const option = (key, name) => h("option", { value: key }, name);
  element("in-domain").append(...choices.domains.map((one) => option(one.key, one.name)));
  element("in-ward").append(...choices.wards.map((one) => option(one.code, one.name)));
  element("in-state").append(...choices.states.map((one) => option(one.key, one.name)));
  if (!mayAct) return;
  element("domain").append(...choices.domains.map((one) => option(one.key, one.name)));
  place = new PlaceFields(element("place"), choices, "new");
  fitDomain();
  element("making").hidden = false;
  element("many").hidden = false;
}

const look = keepLooking(
  async () => {
    if (!choices) await offer();
    const found = await ask("/inventory");
    setClock(found.generated_at);
    things = found.things;
    show();
  },
  { everyMs: AGAIN_MS, faultId: "fault" },
);

setInterval(growOld, 1_000);
element("filters").addEventListener("input", show);
element("filters").addEventListener("submit", (event) => event.preventDefault());
element("new").addEventListener("submit", add);
element("new").addEventListener("input", (event) => choices && fit(event));
element("domain").addEventListener("change", fitDomain);
element("bulk").addEventListener("submit", check);
element("file").addEventListener("change", forget);
element("apply").addEventListener("click", apply);
await look();
tell("new-result", "");
document.documentElement.dataset.ready = "1";
