// A board: its panels under one range of time. Whoever may change it arranges it by drag or by buttons; it is saved by itself.

import { openStream } from "../static/live.js";
import { ask, element, keepLooking, Refused, showRows, tell, working } from "./asking.js";
import { BoardPanel } from "./board_panel.js";
import { filled, growOld, h, learnWords, say, setClock, setText } from "./page.js";
import { RangeBar } from "./range_bar.js";

const AGAIN_MS = 15_000;
const SOON_MS = 1_500;
const WHOLE_MS = 60_000;
const SAVE_MS = 500;
const AT_ONCE = 2;
learnWords(element("words"));
const { board, most } = element("words").dataset;
const path = `/boards/${board}`;
const wall = new URLSearchParams(location.search).get("wall") === "1";
if (wall) {
  document.documentElement.dataset.wall = "1";
  addEventListener("keydown", (event) => event.key === "Escape" && location.assign(`?${new URLSearchParams(bar.view)}`));
}

let shown = null; // what the server said last
let panels = [];
let unsaved = false;
let saving = false;
let conflict = false;
let saveTimer = null;
let dragged = null;
let loading = 0;
const queue = [];

const bar = new RangeBar({ onGo: () => went(), resultId: "range-result" });
const inSight = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const panel = panels.find((one) => one.element === entry.target);
    if (!panel) continue;
    panel.seen = entry.isIntersecting;
    if (panel.seen && !panel.fresh) want(panel);
  }
}, { rootMargin: "300px" });

const on = {
  wanted: (panel) => want(panel),
  written: () => changed(),
  resized: () => changed(),
  move(panel, by) {
    const at = panels.indexOf(panel);
    if (at + by < 0 || at + by >= panels.length) return;
    place(panel, at + by);
    (by < 0 ? panel.earlier : panel.later).focus();
    (document.activeElement?.disabled ? (by < 0 ? panel.later : panel.earlier) : document.activeElement).focus();
    changed(filled("board_place", { title: panel.title, n: at + by + 1, count: panels.length }));
  },
  removed(panel) {
    const at = panels.indexOf(panel);
    drop(panel);
    (panels[Math.min(at, panels.length - 1)]?.later ?? element("arrange")).focus();
    changed();
  },
  drag(panel, event) {
    dragged = panel;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", panel.title);
    event.dataTransfer.setDragImage(panel.element, 20, 20);
  },
  dropped: () => (dragged = null),
};

element("panels").addEventListener("dragover", (event) => {
  if (dragged) event.preventDefault();
});
element("panels").addEventListener("drop", (event) => {
  const target = panels.find((one) => one.element.contains(event.target));
  if (!dragged || !target || target === dragged) return;
  event.preventDefault();
  place(dragged, panels.indexOf(target));
  changed();
});

// Two at a time; nothing twice.
function want(panel) {
  if (!queue.includes(panel)) queue.push(panel);
  work();
}

async function work() {
  while (loading < AT_ONCE && queue.length) {
    const panel = queue.shift();
    loading += 1;
    panel.load().finally(() => {
      loading -= 1;
      work();
    });
  }
}

function loadSeen() {
  for (const panel of panels) {
    panel.fresh = false;
    if (panel.seen) want(panel);
  }
}

function place(panel, to) {
  const focused = document.activeElement;
  panels.splice(panels.indexOf(panel), 1);
  panels.splice(to, 0, panel);
  panels.forEach((one, n) => {
    if (element("panels").children[n] !== one.element) element("panels").insertBefore(one.element, element("panels").children[n] ?? null);
  });
  if (focused?.isConnected) focused.focus({ preventScroll: true });
  marked();
}

function add(panel, placed) {
  const made = new BoardPanel(panel, placed, { bar, on });
  panels.push(made);
  element("panels").append(made.element);
  inSight.observe(made.element);
  return made;
}

function drop(panel) {
  inSight.unobserve(panel.element);
  panel.element.remove();
  panels = panels.filter((one) => one !== panel);
  marked();
}

function marked() {
  panels.forEach((one, n) => {
    one.earlier.disabled = n === 0;
    one.later.disabled = n === panels.length - 1;
  });
  element("empty").hidden = panels.length > 0;
}

function changed(said = "") {
  unsaved = true;
  tell("result", said || say("board_saving"));
  clearTimeout(saveTimer);
  saveTimer = setTimeout(() => save(said), SAVE_MS);
}

async function save(said = "") {
  if (saving || conflict) return;
  saving = true;
  unsaved = false;
  const title = element("title").value.trim() || shown.title;
  try {
    const done = await ask(path, { version: shown.version, title, shared: element("shared").checked, panels: panels.map((one) => one.panel) });
    shown = { ...shown, version: done.version, title, shared: element("shared").checked };
    showHead();
    tell("result", `${said} ${say("board_saved")}`.trim(), "good");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell("result", error.message, "bad");
    conflict = error.code === "board_changed";
    element("reload").hidden = !conflict;
    unsaved = true;
  } finally {
    saving = false;
  }
  if (unsaved && !conflict) saveTimer = setTimeout(() => save(), 10 * SAVE_MS);
}

function query(view = bar.view) {
  return new URLSearchParams({ ...view, ...(wall ? { wall: "1" } : {}) });
}

function went() {
  history.pushState(null, "", `?${query()}`);
  loadSeen();
  return look();
}

function showHead() {
  setText(document.querySelector("h1"), shown.title);
  document.title = `${shown.title} · ${document.title.split(" · ").at(-1)}`;
  showRows(element("about"), [[shown.owner, shown.shared, shown.changed]], () =>
    h("span", { className: "facts" }, h("span", {}, filled("board_owner", { who: shown.owner })), h("span", { className: "pill", "data-kind": shown.shared ? "ok" : "off" }, say(shown.shared ? "board_shared" : "board_private")),
      h("span", { className: "muted" }, shown.changed), ...(shown.may_change ? [] : [h("span", { className: "note" }, filled("board_read_only", { who: shown.owner }))])));
  element("arrange").hidden = !shown.may_change;
  const other = document.querySelector(".controls a[hreflang]");
  other.href = `${other.pathname}?${query()}&lang=${other.hreflang}`;
  element("to-wall").href = `?${new URLSearchParams({ ...bar.view, wall: "1" })}`;
}

function show(found) {
  setClock(found.generated_at);
  bar.show(found.range);
  const busy = unsaved || saving || conflict;
  if (shown && (busy || found.version === shown.version)) return;
  shown = found;
  if (document.activeElement !== element("title")) element("title").value = found.title;
  element("shared").checked = found.shared;
  for (const panel of [...panels]) drop(panel);
  for (const { panel, ...placed } of found.panels) add(panel, placed);
  marked();
  showHead();
  element("loading").hidden = true;
}

const look = keepLooking(async () => {
  try {
    show(await ask(`${path}?${new URLSearchParams(bar.view)}`));
    tell("range-result", "");
  } catch (error) {
    if (!(error instanceof Refused) || !error.code.startsWith("range_")) throw error;
    tell("range-result", error.message, "bad");
  }
}, { everyMs: AGAIN_MS, faultId: "fault" });

function arrange(active) {
  element("arrange").setAttribute("aria-pressed", String(active));
  element("own-tools").hidden = !active;
  document.documentElement.toggleAttribute("data-arranging", active);
}

function addOwn(kind, text) {
  if (panels.length >= Number(most)) return tell("result", say("refused_board_full").replace("{most}", most), "bad");
  const made = add({ kind, text, width: kind === "title" ? 3 : 1 }, { title: text, path: null, file: null, page: null, watches: [], fault: null });
  marked();
  changed();
  made.element.querySelector(".own-words").select();
  return made.element.querySelector(".own-words").focus();
}

element("arrange").addEventListener("click", () => arrange(element("arrange").getAttribute("aria-pressed") !== "true"));
element("export").href = `/ops/api${path}/file`;
element("title").addEventListener("input", () => element("title").value.trim() && changed());
element("shared").addEventListener("change", () => changed());
element("add-title").addEventListener("click", () => addOwn("title", say("board_new_title")));
element("add-text").addEventListener("click", () => addOwn("text", say("board_new_text")));
element("delete").addEventListener("click", () => element("deleting").showModal());
element("deleting").addEventListener("close", () => {
  if (element("deleting").returnValue !== "yes") return;
  working("result", async () => {
    await ask(`${path}/retire`, {});
    location.assign("/ops/boards");
    return "";
  });
});
element("reload").addEventListener("click", () => {
  unsaved = conflict = false;
  shown = null;
  element("reload").hidden = true;
  tell("result", "");
  look();
});

openStream("/ops/stream", {
  onItems(items) {
    if (!bar.live) return;
    for (const panel of panels) {
      if (!items.some((item) => panel.isAbout(item))) continue;
      if (panel.seen) panel.soon(SOON_MS);
      else panel.fresh = false;
    }
  },
  onState(state) {
    if (state === "open") look();
  },
});

addEventListener("popstate", () => {
  bar.readAddress();
  loadSeen();
  look();
});
addEventListener("beforeunload", (event) => unsaved && !conflict && event.preventDefault());

setInterval(growOld, 1_000);
setInterval(() => bar.live && !document.hidden && loadSeen(), WHOLE_MS);
await look();
document.documentElement.dataset.ready = "1";
