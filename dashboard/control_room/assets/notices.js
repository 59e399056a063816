// Public notices: what holds, what will, what is over; and the form with its preview. Withdrawing is one press.

import { noticeElement } from "../static/notice.js";
import { plain } from "../static/plain.js";
import { ask, element, keepLooking, Refused, showRows, tell, working, written } from "./asking.js";
import { filled, growOld, h, language, learnWords, now, say, setClock, setText } from "./page.js";

const AGAIN_MS = 5_000;
learnWords(element("words"));
const mayAct = element("words").dataset.mayAct === "1";

let kinds = [];
let wards = [];
const chosen = new Set(); // codes of wards
let replaced = null; // the id of the notice that is being written anew

// The lists

function row(one, open) {
  const { notice } = one;
  const { element: text } = noticeElement(notice, language, now());
  text.querySelector("time").dataset.since = notice.published_at; // from here on growOld() keeps its age
  const body = h("div", {}, text, h("div", { className: "lines" },
    h("small", {}, one.span), ...one.lines.map((line) => h("small", {}, line))));
  if (!open || !mayAct) return h("li", {}, body);
  return h("li", { className: "with-button" }, body, h("div", { className: "buttons" },
    h("button", { type: "button", "aria-label": filled("notice_withdraw_number", notice), onclick: () => withdraw(notice) }, say("notice_withdraw")),
    h("button", { type: "button", "aria-label": filled("notice_edit_number", notice), onclick: () => edit(one) }, say("notice_edit"))));
}

function show(found) {
  setClock(found.generated_at);
  for (const name of ["current", "coming"]) {
    setText(element(`${name}-count`), found[name].length || "");
    showRows(element(name), found[name], (one) => row(one, true), "notices_none");
  }
  showRows(element("past"), found.past, (one) => row(one, false), "notices_none");
}

async function withdraw(notice) {
  const work = async () => {
    await ask(`/notices/${notice.id}/withdraw`, {});
    return filled("notice_withdrawn", notice);
  };
  await working("list-result", work);
  await look();
}

// The form

function asked() {
  const some = area() === "wards";
  if (some && !chosen.size) return null;
  return {
    kind: element("kind").value,
    text_vi: element("text-vi").value,
    text_en: element("text-en").value,
    wards: some ? [...chosen] : [],
    starts_at: written(element("starts").value),
    minutes: Number(element("length").value) || null,
    ends_at: element("length").value ? null : written(element("ends").value),
    replaces: replaced,
  };
}

const area = () => document.querySelector("input[name=area]:checked").value;

async function publish(event) {
  event.preventDefault();
  const body = () => {
    const made = asked();
    if (!made) throw new Refused(say("refused_notice_no_ward"), "ward");
    return made;
  };
  const work = async () => {
    const made = await ask("/notices", body());
    return filled("notice_published", { id: made.id, at: made.ends_words });
  };
  if (await working("notice-result", work)) clear();
  await look();
}

function clear() {
  for (const id of ["text-vi", "text-en", "starts", "ends"]) element(id).value = "";
  element("length").value = "1440";
  choose([]);
  anew(null);
  fit();
}

function anew(id) {
  replaced = id;
  element("edited").hidden = id === null;
  element("cancel").hidden = id === null;
  setText(element("edited"), id === null ? "" : filled("notice_edited", { id }));
}

// "2026-11-22T10:00:00Z" → "22/11/2026 17:00", as the form takes it.
const local = (iso) => {
  const [date, time] = new Date(iso).toLocaleString("sv-SE", { timeZone: "Asia/Ho_Chi_Minh" }).split(" ");
  return `${date.split("-").reverse().join("/")} ${time.slice(0, 5)}`;
};

function edit({ notice }) {
  element("kind").value = notice.kind;
  element("text-vi").value = notice.text.vi;
  element("text-en").value = notice.text.en;
  element("starts").value = Date.parse(notice.starts_at) > now() ? local(notice.starts_at) : "";
  element("length").value = "";
  element("ends").value = local(notice.ends_at);
  choose(notice.wards.map((ward) => ward.code));
  anew(notice.id);
  tell("notice-result", "");
  fit();
  element("text-vi").focus();
}

function choose(codes) {
  chosen.clear();
  for (const code of codes) chosen.add(code);
  document.querySelector(`input[name=area][value=${codes.length ? "wards" : "city"}]`).checked = true;
  for (const box of element("wards").querySelectorAll("input")) box.checked = chosen.has(box.value);
}

function wardRow(ward) {
  const box = h("input", { type: "checkbox", value: ward.code, checked: chosen.has(ward.code) });
  box.addEventListener("change", () => {
    if (box.checked) chosen.add(ward.code);
    else chosen.delete(ward.code);
    fit();
  });
  return h("li", {}, h("label", {}, box, ward.name[language]));
}

function filterWards() {
  const wanted = plain(element("find-ward").value);
  [...element("wards").children].forEach((item, n) => (item.hidden = !plain(wards[n].name.vi).includes(wanted) && !plain(wards[n].name.en).includes(wanted)));
}

// What belongs together is shown together, and the preview follows every key.
function fit() {
  element("some").hidden = area() !== "wards";
  setText(element("chosen"), area() === "wards" ? `(${filled("notice_chosen", { count: chosen.size })})` : "");
  element("ends-label").hidden = element("length").value !== "";
  const notice = previewed();
  element("preview").replaceChildren(...["vi", "en"].map((shown) => noticeElement(notice, shown, now()).element));
}

function previewed() {
  const from = moment("starts") ?? now();
  const minutes = Number(element("length").value);
  return {
    kind_name: kinds.find((one) => one.kind === element("kind").value)?.kind_name ?? { vi: "", en: "" },
    text: { vi: element("text-vi").value || "…", en: element("text-en").value || "…" },
    wards: area() === "wards" ? wards.filter((ward) => chosen.has(ward.code)) : [],
    starts_at: new Date(from).toISOString(),
    ends_at: new Date(minutes ? from + minutes * 60_000 : moment("ends") ?? from).toISOString(),
    published_at: new Date(now()).toISOString(),
  };
}

// What stands in a field as a moment, or null while it is not written out.
function moment(id) {
  try {
    const at = Date.parse(`${written(element(id).value)}:00+07:00`);
    return Number.isNaN(at) ? null : at;
  } catch {
    return null;
  }
}

async function offer() {
  ({ kinds, wards } = await ask("/notices/choices"));
  showRows(element("kind"), kinds, (one) => h("option", { value: one.kind }, one.name));
  showRows(element("wards"), wards, wardRow);
}

let offered = false;
const look = keepLooking(
  async () => {
    if (!offered && mayAct) {
      await offer();
      fit();
      offered = true;
    }
    show(await ask("/notices"));
  },
  { everyMs: AGAIN_MS, faultId: "fault" },
);

setInterval(growOld, 1_000);
element("writing").hidden = !mayAct;
element("notice").addEventListener("submit", publish);
element("notice").addEventListener("input", fit);
element("find-ward").addEventListener("input", filterWards);
element("cancel").addEventListener("click", clear);
await look();
document.documentElement.dataset.ready = "1";
