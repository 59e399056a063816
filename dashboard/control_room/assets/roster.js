// Who is on call: now, next, day by day; the holes, loudly; who covers for whom; and another calendar, tried first.

import { ask, element, keepLooking, Refused, showRows, tell, working, written } from "./asking.js";
import { filled, h, learnWords, say, setClock, setText } from "./page.js";

const AGAIN_MS = 10_000;
const LARGEST = 1_000_000;
learnWords(element("words"));
const { mayCover, mayUpload } = element("words").dataset;

let board = null;

// What is shown

function show(found) {
  board = found;
  setClock(found.generated_at);
  const gaps = found.rosters.flatMap((one) => [
    ...one.gaps.map((text) => (found.rosters.length > 1 ? `${one.key}: ${text}` : text)),
    ...(one.fault ? [`${say("roster_fault")}: ${one.fault}`] : []),
    ...(one.unknown.length ? [filled("roster_unknown", { names: one.unknown.join(", ") })] : []),
  ]);
  showRows(element("gaps"), gaps, (text) => h("p", { className: "fault", role: "alert" }, text));
  showRows(element("rosters"), found.rosters, rosterPanel);
  if (!found.rosters.length) element("rosters").replaceChildren(h("p", { className: "hint" }, say("roster_none")));
  showRows(element("chains"), found.chains, chainRow, "chains_none");
  const keys = found.rosters.map((one) => one.key);
  for (const id of ["cover-roster", "upload-roster"]) showRows(element(id), keys, (key) => h("option", { value: key }, key));
  showRows(element("absent"), [{ key: "", name: say("cover_nobody") }, ...found.persons], option);
  showRows(element("person"), found.persons, option);
  element("covering").hidden = mayCover !== "1" || !keys.length;
  element("uploading").hidden = mayUpload !== "1" || !keys.length;
  fit();
}

const option = (one) => h("option", { value: one.key }, one.name);

function rosterPanel(one) {
  const past = one.weeks.filter((week) => week.past);
  const others = one.weeks.filter((week) => !week.past);
  const panel = h("section", { className: "panel", "aria-labelledby": `roster-${one.key}` },
    h("h2", { id: `roster-${one.key}` }, one.key, " ", h("small", { className: "hint" }, one.file)),
    h("dl", { className: "pairs now" }, pair("roster_now", one.now), pair("roster_next", one.next)));
  if (!one.gaps.length && !one.fault) panel.append(h("p", { className: "hint" }, say("roster_no_gaps")));
  panel.append(...others.map(weekGrid));
  panel.append(h("details", { className: "padded" }, h("summary", {}, say("roster_past")), ...past.map(weekGrid)));
  panel.append(h("h3", {}, say("roster_covers")), coverList(one.covers));
  return panel;
}

const pair = (key, text) => h("div", {}, h("dt", {}, say(key)), h("dd", {}, text));

function weekGrid(week) {
  const days = week.days.map((day) => h("li", { className: day.today ? "today" : "" },
    h("p", { className: "day" }, `${day.name} ${day.date}`, ...(day.today ? [" ", h("strong", {}, say("roster_today"))] : [])), ...day.parts.map(part)));
  return h("div", { className: "week" }, h("h3", {}, week.title), h("ol", {}, ...days));
}

function part(one) {
  const row = h("p", { className: `part ${one.gap ? "gap" : ""}` }, h("span", { className: "time" }, one.time), " ", h("span", {}, `${one.gap ? "✕ " : ""}${one.who}`));
  if (one.covered) row.append(" ", h("span", { className: "edit-mark", title: one.by }, say("roster_covered")));
  return row;
}

function coverList(covers) {
  const list = h("ul", { className: "rows" });
  showRows(list, covers, coverRow, "roster_no_covers");
  return list;
}

function coverRow(one) {
  const said = h("div", {}, h("p", { className: "title" }, one.said), h("small", {}, one.by));
  if (one.unknown) said.append(h("small", { className: "bad" }, say("cover_unknown")));
  if (mayCover !== "1") return h("li", {}, said);
  const remove = h("button", { type: "button", "aria-label": filled("cover_remove_this", one), onclick: () => removeCover(one) }, say("cover_remove"));
  return h("li", { className: "with-button" }, said, h("div", { className: "buttons" }, remove));
}

const chainRow = (one) => h("li", {}, h("p", { className: "title" }, one.name), h("small", {}, one.used), h("ol", { className: "steps" }, ...one.steps.map((step) => h("li", {}, step))));

// Covers

async function addCover(event) {
  event.preventDefault();
  const work = async () => {
    const made = await ask("/roster/covers", {
      roster: element("cover-roster").value,
      absent: element("absent").value || null,
      person: element("person").value,
      starts_at: written(element("from").value),
      ends_at: written(element("to").value),
      reason: element("cover-reason").value,
    });
    return filled("cover_added", made);
  };
  if (await working("cover-result", work)) for (const id of ["from", "to", "cover-reason"]) element(id).value = "";
  await look();
}

async function removeCover(one) {
  const work = async () => {
    await ask(`/roster/covers/${one.id}/remove`, {});
    return say("cover_removed");
  };
  await working("cover-result", work);
  await look();
}

// Another calendar

let tried = null; // what would be kept: {roster, content, version}

const rosterOf = (key) => board?.rosters.find((one) => one.key === key);
const fit = () => (element("back").hidden = !rosterOf(element("upload-roster").value)?.uploaded);

async function tryUpload(event) {
  event.preventDefault();
  forget();
  const back = event.submitter?.value === "back";
  const work = async () => {
    const content = back ? null : await chosen();
    const roster = element("upload-roster").value;
    const found = await ask("/roster/trial", { roster, content });
    tried = { roster, content, version: rosterOf(roster).version };
    showTried(found);
    return "";
  };
  await working("upload-result", work);
}

async function chosen() {
  const [file] = element("file").files;
  if (!file) throw new Refused(say("upload_none"), "file");
  if (file.size > LARGEST) throw new Refused(say("upload_large"), "file");
  return file.text();
}

function showTried(found) {
  element("tried").hidden = false;
  setText(element("tried-title"), say(found.changes.length ? "upload_tried" : "upload_same"));
  const lines = found.changes.map((one) => ({ text: filled("upload_change", one), bad: one.gap }));
  if (found.more) lines.push({ text: filled("upload_more", { count: found.more }), bad: false });
  if (found.gaps) lines.push({ text: filled("upload_gaps", { count: found.gaps }), bad: true });
  if (found.unknown.length) lines.push({ text: filled("roster_unknown", { names: found.unknown.join(", ") }), bad: true });
  showRows(element("changes"), lines, (line) => h("li", { className: line.bad ? "bad" : "" }, `${line.bad ? "✕ " : ""}${line.text}`));
}

function forget() {
  tried = null;
  element("tried").hidden = true;
}

async function keep(event) {
  event.preventDefault();
  const work = async () => {
    await ask("/roster/upload", { ...tried, reason: element("upload-reason").value });
    return say("upload_saved");
  };
  if (await working("upload-result", work)) {
    element("upload-reason").value = "";
    element("file").value = "";
    forget();
  }
  await look();
}

const look = keepLooking(async () => show(await ask("/roster")), { everyMs: AGAIN_MS, faultId: "fault" });

element("cover").addEventListener("submit", addCover);
element("upload").addEventListener("submit", tryUpload);
element("keep").addEventListener("submit", keep);
element("file").addEventListener("change", forget);
element("upload-roster").addEventListener("change", () => {
  forget();
  fit();
});
await look();
document.documentElement.dataset.ready = "1";
