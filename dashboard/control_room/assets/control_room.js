// The overview page comes to life: one snapshot of everything in words, one stream that says when to look again.

import { openStream } from "../static/live.js";
import { Alarm } from "./alarm.js";
import { AlertActions, possible } from "./alert_actions.js";
import { showStandstills, tell } from "./asking.js";
import { ThingFigure } from "./figure.js";
import { Keys } from "./keys.js";
import { AlertQueue, createRejections, severitySign } from "./lists.js";
import { appears, growOld, h, language, learnWords, now, number, say, setClock, setText } from "./page.js";
import { fetchJson, LoggedOut, RoomMap } from "./room_map.js";
import { createTiles } from "./tiles.js";
import { everySeconds, Wall } from "./wall.js";

const OVERVIEW = `/ops/api/overview?lang=${language}`;
const SOON_MS = 1_000;
const LATEST_MS = 5_000;
const SEVERITIES = ["critical", "warning", "info"];

const wall = new URLSearchParams(location.search).get("wall") === "1";
if (wall) document.documentElement.dataset.wall = "1";

await appears("rejections-list");
const element = (id) => document.getElementById(id);
learnWords(element("words"));
element("wall-line").hidden = !wall;

const figure = new ThingFigure(element("thing-property"));
const map = await RoomMap.create(element("map"), {
  layers: element("layers"),
  find: element("find"),
  onSelect: (id) => figure.show(map.city, wall ? null : id),
  scale: wall ? Math.max(1, innerWidth / 1920) : 1,
}).catch(toLogin);
const onPlace = (thing) => map.focus(thing);
const showTiles = createTiles(element("tiles"), { onPlace, onOnly: (domain) => showOnly(domain === only ? null : domain), shapeOf: (domain) => map.shapeOf(domain) });
const mayAct = element("words").dataset.mayAct === "1" && !wall;
const actions = mayAct ? new AlertActions({ onDone: () => lookAgain(0) }) : null;
const alerts = new AlertQueue(element("alerts-list"), { onPlace, actions });
const showRejections = createRejections(element("rejections-list"));

const alarm = new Alarm(element("sound"), element("sound-blocked"));
const round = wall ? new Wall(element("wall-line"), { every: everySeconds(location.search), onView: present }) : null;
let presented = {}; // the wall's view
let only = null; // the domain that alone is shown
let latest = null;

function show(overview) {
  latest = overview;
  setClock(overview.generated_at);
  document.documentElement.dataset.link = overview.link;
  setPill("link", { live: "ok", empty: "off", loading: "off" }[overview.link] ?? "bad", overview.link_word);
  setPill("ingest", { receiving: "ok", unknown: "off" }[overview.ingest.state] ?? "bad", ingestWords(overview));
  setPill("loss", { none: "ok", some: "ok", much: "bad" }[overview.loss?.state] ?? "off", lossWords(overview.loss));
  if (overview.clocks) setPill("clocks", "bad", overview.clocks.words);
  else element("clocks").hidden = true;
  element("simulated").hidden = !overview.simulated;
  showFiring(overview.firing);
  showStandstills(element("standstills"), overview.standstills);
  setPill("duty", overview.duty.kind, overview.duty.words);
  element("duty").title = overview.duty.fault ?? "";
  const news = alarm.show(overview.alerts);
  if (only && news.some((alert) => alert.domain !== only)) showOnly(null); // a filter hides nothing that is new and critical
  showChosen();
  if (wall) round.show(overview, news);
  showRejections(overview.rejections);
  setText(element("rejections-count"), `${overview.rejected_day} ${say("day")}`);
  map.setAlerts(overview.alerts);
  map.know(overview.tiles.map((tile) => tile.domain)).catch(toLogin);
}

const fires = (alert) => alert.state === "firing";

// Tiles and alerts, of the latest overview, as far as they are to be shown.
function showChosen() {
  showTiles(latest.tiles.map((tile) => ({ ...tile, only: tile.domain === only })));
  const all = latest.alerts;
  const shown = all.filter((alert) => (!only || alert.domain === only) && (presented.kind !== "alert" || alert.id === presented.alert.id));
  alerts.show(shown, say(only ? "no_alerts_here" : "no_alerts"));
  const [some, every] = [shown.filter(fires).length, all.filter(fires).length];
  setText(element("alerts-count"), some === every ? String(every) : `${some}/${every}`);
}

// Shows a view of the wall's round, or an alert in its stead.
function present(view) {
  presented = view;
  document.documentElement.dataset.view = view.kind;
  for (const tile of document.querySelectorAll(".tile")) tile.classList.toggle("large", tile.dataset.domain === view.domain);
  map.showOnly(view.kind === "domain" ? view.domain : null);
  map.showAll();
  if (view.kind === "alert") map.focus(view.alert.thing);
  else map.marks.select(null);
  showChosen();
}

// One domain's layer and alerts, or (null) all of them.
function showOnly(domain) {
  only = domain;
  map.showOnly(domain);
  const name = latest.tiles.find((tile) => tile.domain === domain)?.name;
  element("only").hidden = !name;
  setText(element("only"), name ? say("only_now").replace("{name}", name) : "");
  showChosen();
}

function ingestWords({ ingest, ingest_word }) {
  const words = [`${say("ingest")}: ${ingest_word}`];
  if (ingest.messages_per_s !== null) words.push(`${number(ingest.messages_per_s, 1)} ${say("messages_per_s")}`);
  if (ingest.lag_s !== null) words.push(`${say("lag")} ${number(ingest.lag_s, 2)} s`);
  return words.join(" · ");
}

function lossWords(loss) {
  if (!loss) return `${say("loss")}: ${say("loss_unknown")}`;
  const counted = ({ missing, expected }) => `${number(missing, 0)} ${say("of")} ${number(expected, 0)}`;
  const worst = loss.worst.map((one) => `${one.place} ${counted(one)}`);
  const whole = loss.missing ? ` (${counted(loss)})` : "";
  return [`${say("loss")}: ${number(100 * loss.share, 2)} %${whole}`, ...worst].join(" · ");
}

function setPill(id, kind, text) {
  const pill = element(id);
  pill.hidden = false;
  pill.dataset.kind = kind;
  setText(pill, text);
}

function showFiring(firing) {
  const counted = SEVERITIES.filter((severity) => firing[severity]);
  element("firing").hidden = !counted.length;
  element("firing").replaceChildren(
    ...counted.map((severity) =>
      h("span", {}, severitySign(severity), `${firing[severity]} ${say(`severity_${severity}`)}`),
    ),
  );
}

function lost() {
  document.documentElement.dataset.link = "gone";
  setPill("link", "bad", say("server_gone"));
  showStandstills(element("standstills"), [say("server_gone")]);
}

function toLogin(error) {
  if (!(error instanceof LoggedOut)) throw error;
  location.assign(wall ? `/ops/login?wall=1&every=${everySeconds(location.search)}` : "/ops/login");
}

// Asks for the overview soon after something changed, and now and then if nothing did.
let timer = null;
let running = false;
let again = false;

function lookAgain(waitMs) {
  if (running) {
    again = true;
    return;
  }
  clearTimeout(timer);
  timer = setTimeout(look, waitMs);
}

async function look() {
  running = true;
  try {
    show(await fetchJson(OVERVIEW));
  } catch (error) {
    if (error instanceof LoggedOut) return toLogin(error);
    lost();
  } finally {
    running = false;
  }
  const soon = again;
  again = false;
  lookAgain(soon ? SOON_MS : LATEST_MS);
}

let lastLook = 0;
openStream("/ops/stream", {
  onItems(items) {
    map.apply(items);
    figure.extend(items);
    if (Date.now() - lastLook > SOON_MS) {
      lastLook = Date.now();
      lookAgain(SOON_MS / 2);
    }
  },
  onChange(what) {
    if (what.includes("things")) map.reloadSoon();
    lookAgain(0);
  },
  onState(state) {
    if (state === "open") map.reload().catch(() => lookAgain(0));
    lookAgain(0);
  },
});

element("only").addEventListener("click", () => showOnly(null));
element("thing-close").addEventListener("click", () => {
  map.marks.select(null);
  element("find-place").focus();
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog")) return;
  if (figure.thing) map.marks.select(null);
  else if (wall) location.assign("/ops/");
});

// What the keyboard does; a wall needs none of it.
const keys = new Keys();
keys.add(["m"], "key_sound", () => alarm.toggle());
if (!wall) {
  keys.add(["j"], "key_next", () => alerts.move(1));
  keys.add(["k"], "key_previous", () => alerts.move(-1));
  keys.add(["ArrowDown"], "key_next", () => alerts.move(1), { within: "#alerts-list" });
  keys.add(["ArrowUp"], "key_previous", () => alerts.move(-1), { within: "#alerts-list" });
  keys.add(["Enter"], "key_open", () => location.assign(`/ops/alerts/${alerts.chosen.id}`), { at: "#alerts-list > li" });
  if (actions) for (const [key, name] of [["a", "acknowledge"], ["s", "silence"], ["n", "note"], ["e", "escalate"]]) {
    keys.add([key], `key_${name}`, () => actOnChosen(name));
  }
  keys.add(["/"], "key_search", () => element("search-things").focus());
  element("keys").addEventListener("click", () => keys.showHelp());
}

function actOnChosen(name) {
  const { chosen } = alerts;
  if (!chosen) tell("alerts-result", say("choose_alert"), "bad");
  else if (!possible(chosen)[name]) tell("alerts-result", say("not_for_this"), "bad");
  else actions[name](chosen);
}

setInterval(() => {
  growOld();
  setText(element("clock"), clock.format(now()));
}, 1_000);
const clock = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "vi-VN", {
  timeZone: "Asia/Ho_Chi_Minh", weekday: "long", day: "2-digit", month: "2-digit", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
});
await look();
await map.reload();
map.showAll();
const asked = new URLSearchParams(location.search).get("thing"); // a link from an alert's page
if (asked) onPlace(asked);
document.documentElement.dataset.ready = "1";
