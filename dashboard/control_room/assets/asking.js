// How pages ask the server: answers in the page's language, refusals as errors with the server's words.

import { calm, h, language, say, setAge, setText } from "./page.js";
import { replay, written as writtenTime } from "./replay_clock.js";

const API = "/ops/api";

// What the server refused; the message is in the page's language.
export class Refused extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

// ask("/alerts/12") reads, ask("/alerts/12/note", {note: "…"}) changes something.
export const ask = (path, body) => (body === undefined ? fetched(path, {}) : posted(path, JSON.stringify(body), "application/json"));

// A file, as it is: no form around it.
export const send = (path, file) => posted(path, file, "application/octet-stream");

const posted = (path, body, type) =>
  fetched(path, { method: "POST", headers: { "X-CSRF-Token": cookie("hanoi_ops_csrf"), "Content-Type": type }, body });

async function fetched(path, options) {
  const moment = replay ? `&at=${writtenTime(replay.at)}` : "";
  const answer = await fetch(`${API}${path}${path.includes("?") ? "&" : "?"}lang=${language}${moment}`, options).catch(() => null);
  if (answer?.status === 401) location.assign("/ops/login");
  const found = await answer?.json().catch(() => null);
  if (!options.method) await calm();
  if (!answer?.ok || found === null) throw new Refused(found?.error ?? say("refused_server"), found?.code ?? "server");
  return found;
}

// The lines of JSON of an answer that comes bit by bit. Throws Refused, also where it breaks off.
export async function* fetchedLines(path, { signal, ...options } = {}) {
  const changing = options.method ? { "X-CSRF-Token": cookie("hanoi_ops_csrf") } : {};
  const headers = { Accept: "application/x-ndjson", ...changing, ...options.headers };
  const answer = await fetch(path, { ...options, signal, headers }).catch(() => null);
  if (answer?.status === 401) location.assign("/ops/login");
  if (!answer?.ok) throw new Refused((await answer?.json().catch(() => null))?.error ?? say("refused_server"), "server");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true }));
    if (done) return;
    if (!value.includes("\n")) {
      rest += value; // a long line is not looked through again with each of its pieces
      continue;
    }
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) yield JSON.parse(part);
  }
}

function cookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

// "22/11/2026" or "22/11/2026 14:00" as people here write it → "2026-11-22" or "2026-11-22T14:00"; "" → null. A date field
// of the browser would show the day in the order of the browser's own language, which on this page may be another.
export function written(text) {
  if (!text.trim()) return null;
  const found = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:\s+(\d{1,2}):(\d\d))?$/.exec(text.trim());
  if (!found) throw new Refused(say("refused_date"), "date");
  const [, day, month, year, hour, minute] = found;
  const two = (part) => part.padStart(2, "0");
  return `${year}-${two(month)}-${two(day)}${hour ? `T${two(hour)}:${minute}` : ""}`;
}

export const element = (id) => document.getElementById(id);

export const tell = (id, text, kind = "") => setResult(element(id), text, kind);

export function setResult(shown, text, kind = "") {
  shown.className = `result ${kind}`;
  setText(shown, text);
}

// One thing at a time; what came of it, or went wrong, is said where it was asked for. Returns whether it was done.
let busy = false;

export async function working(resultId, work) {
  if (busy) return false;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  tell(resultId, say("working"));
  try {
    tell(resultId, await work(), "good");
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(resultId, error.message, error.kind ?? "bad");
    return false;
  } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
  }
}

// What stands still is said at the top of every page in the same way; nothing is said of no texts.
export function showStandstills(parent, texts) {
  showRows(parent, texts, (text) => h("p", { className: "fault" }, text));
}

// Asks again and again; what can't be asked is said at the top, and what is shown turns grey. A replay asks when its clock
// has moved.
export function keepLooking(look, { everyMs, faultId }) {
  let timer = null;
  const again = async () => {
    clearTimeout(timer);
    let waitMs = everyMs;
    try {
      await look();
      element(faultId).hidden = true;
      document.documentElement.removeAttribute("data-link");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      element(faultId).hidden = false;
      setText(element(faultId), error.message);
      document.documentElement.dataset.link = "gone";
      waitMs = 5_000;
    }
    clearTimeout(timer);
    if (!replay || waitMs !== everyMs) timer = setTimeout(again, waitMs);
  };
  onReplay(again);
  return again;
}

// Does something whenever the clock of a replay is elsewhere or has run on; one after the other, the latest once more.
export function onReplay(work) {
  if (!replay) return;
  let [running, due] = [false, false];
  const moved = async () => {
    due = true;
    if (running) return;
    running = true;
    try {
      while (due) {
        due = false;
        await replay.holdFor(work());
      }
    } finally {
      running = false;
    }
  };
  replay.addEventListener("moved", moved);
  replay.addEventListener("ran", moved);
}

// An element of a list or table is made anew only when what it shows has changed: focus stays where it is.
export function showRows(parent, items, create, nothing) {
  const seen = JSON.stringify(items);
  if (parent.dataset.seen === seen) return;
  parent.dataset.seen = seen;
  const rows = items.map(create);
  if (!rows.length && nothing) rows.push(h("li", { className: "empty" }, say(nothing)));
  parent.replaceChildren(...rows);
}

// As showRows, for the body of a table. A phone has the head of its column before each cell.
export function showTable(body, items, toCells, nothing) {
  const heads = [...body.parentElement.querySelectorAll("thead th")].map((head) => head.textContent);
  const seen = JSON.stringify(items);
  if (body.dataset.seen === seen) return;
  body.dataset.seen = seen;
  const rows = items.map((item) => h("tr", {}, ...toCells(item)));
  for (const row of rows) [...row.cells].forEach((cell, n) => (cell.dataset.label = heads[n]));
  if (!rows.length) rows.push(h("tr", {}, h("td", { colSpan: heads.length, className: "muted" }, say(nothing))));
  body.replaceChildren(...rows);
}

export function aged(iso) {
  const shown = h("time");
  setAge(shown, iso);
  return shown;
}
