// The overview as it was: one moment whole, then what changes, ten steps asked for at a time and shown when their time comes.
// It opens no stream and asks for nothing of now.

import { showRows } from "./asking.js";
import { AlertQueue, createRejections, severitySign } from "./lists.js";
import { growOld, h, language, learnWords, say, setText } from "./page.js";
import { replay, written } from "./replay_clock.js";
import { fetchJson, LoggedOut, RoomMap } from "./room_map.js";
import { createTiles } from "./tiles.js";

const SEVERITIES = ["critical", "warning", "info"];
const AGAIN_MS = 3_000;
const AHEAD_STEPS = 5; // the next answer is asked for while so many are left
const SLOWEST_STEP_S = 5;
const element = (id) => document.getElementById(id);
learnWords(element("words"));
replay.smooth = true;
const wall = document.documentElement.dataset.wall === "1";

const map = await RoomMap.create(element("map"), {
  layers: element("layers"), find: element("find"), onSelect: choose, scale: wall ? Math.max(1, innerWidth / 1920) : 1, past: true,
}).catch(toLogin);
const onPlace = (thing) => map.focus(thing);
let only = null;
let latest = null;
const showTiles = createTiles(element("tiles"), { onPlace, onOnly: (domain) => showOnly(domain === only ? null : domain), shapeOf: (domain) => map.shapeOf(domain) });
const alerts = new AlertQueue(element("alerts-list"), { onPlace, actions: null });
const showRejections = createRejections(element("rejections-list"));
const fires = (alert) => alert.state === "firing";

function show(overview) {
  latest = overview;
  setPill("link", { live: "ok", old: "bad" }[overview.link] ?? "off", overview.link_word);
  setPill("duty", overview.duty.kind === "bad" ? "bad" : "off", overview.duty.words);
  element("simulated").hidden = !overview.simulated;
  const counted = SEVERITIES.filter((severity) => overview.firing[severity]);
  element("firing").hidden = !counted.length;
  showRows(element("firing"), counted.map((one) => [one, overview.firing[one]]), ([severity, count]) =>
    h("span", {}, severitySign(severity), `${count} ${say(`severity_${severity}`)}`));
  showChosen();
  showRejections(overview.rejections);
  map.setAlerts(overview.alerts);
}

function showChosen() {
  showTiles(latest.tiles.map((tile) => ({ ...tile, only: tile.domain === only })));
  const shown = latest.alerts.filter((alert) => !only || alert.domain === only);
  alerts.show(shown, say(only ? "no_alerts_here" : "no_alerts"));
  const [some, every] = [shown.filter(fires).length, latest.alerts.filter(fires).length];
  setText(element("alerts-count"), some === every ? String(every) : `${some}/${every}`);
}

function showOnly(domain) {
  only = domain;
  map.showOnly(domain);
  const name = latest.tiles.find((tile) => tile.domain === domain)?.name;
  element("only").hidden = !name;
  setText(element("only"), name ? say("only_now").replace("{name}", name) : "");
  showChosen();
}

// A place leads to its own page at the moment.
function choose(id) {
  element("past-thing").hidden = !id;
  if (!id) return;
  const name = map.city.get(id)?.properties[`name_${language}`] ?? id;
  element("past-thing-link").href = replay.carry(`/ops/things/${encodeURIComponent(id)}`);
  setText(element("past-thing-link"), `${name}: ${say("past_thing")}`);
}

function setPill(id, kind, text) {
  const pill = element(id);
  pill.hidden = false;
  pill.dataset.kind = kind;
  setText(pill, text);
}

function fault(text) {
  dispatchEvent(new CustomEvent("replay-fault", { detail: text }));
}

function toLogin(error) {
  if (!(error instanceof LoggedOut)) throw error;
  location.assign("/ops/login");
}

// Answers with the server's words, or null.
async function ask(path, at, more = "") {
  const answer = await fetch(`/ops/api/past/${path}?at=${written(at)}&lang=${language}${more}`).catch(() => null);
  if (answer?.status === 401) location.assign("/ops/login");
  const found = await answer?.json().catch(() => null);
  if (answer?.ok && found) {
    fault("");
    return found;
  }
  fault(found?.error ?? say("server_gone"));
  return null;
}

// What was asked for before somebody went elsewhere is not shown any more: `run` counts the places where one began anew.
let run = 0;
let steps = []; // still to be shown, {at, overview, changes}
let end = 0; // the moment up to which steps are known
let over = false;
let asking = false;
let timer = null;

async function begin() {
  const mine = ++run;
  clearTimeout(timer);
  replay.hold(true);
  [steps, over, asking] = [[], false, false];
  document.documentElement.dataset.replayLoading = "1";
  const at = Math.floor(replay.at / 1_000) * 1_000;
  const found = await ask("moment", at);
  if (mine !== run) return;
  if (!found) {
    timer = setTimeout(begin, AGAIN_MS);
    return;
  }
  end = at;
  map.replaceAll(found.maps);
  show(found.overview);
  document.documentElement.dataset.shownAt = found.local;
  delete document.documentElement.dataset.replayLoading;
  replay.hold(false);
  if (replay.playing) more();
}

async function more() {
  if (asking || over) return;
  const [mine, step] = [run, Math.max(replay.speed, SLOWEST_STEP_S)];
  asking = true;
  const found = await ask("steps", end, `&step=${step}`);
  if (mine !== run) return;
  asking = false;
  if (!found) {
    timer = setTimeout(more, AGAIN_MS);
    return;
  }
  steps.push(...found.steps);
  over = found.over;
  if (found.steps.length) end = Date.parse(found.steps.at(-1).at);
  play();
}

// Shows the steps whose time has come; time waits where the next is not there yet.
function play() {
  const due = steps.filter((one) => Date.parse(one.at) <= replay.at);
  for (const one of due) map.change(one.changes);
  const last = due.at(-1);
  if (last) {
    steps = steps.slice(due.length);
    show(last.overview);
    document.documentElement.dataset.shownAt = written(Date.parse(last.at));
  }
  if (replay.playing && steps.length < AHEAD_STEPS) more();
  const shownTo = replay.at >= end && !over;
  if (replay.playing) replay.hold(shownTo && !steps.length && asking);
}

replay.addEventListener("ticked", play);
replay.addEventListener("moved", begin);
let speed = replay.speed;
replay.addEventListener("changed", () => {
  if (replay.speed !== speed) {
    speed = replay.speed;
    begin(); // steps of another length
  } else if (replay.playing && !replay.waits) play();
});
element("only").addEventListener("click", () => showOnly(null));
setInterval(growOld, 1_000);
await begin();
map.showAll();
const asked = new URLSearchParams(location.search).get("thing"); // a link from an alert's page
if (asked) onPlace(asked);
document.documentElement.dataset.ready = "1";
