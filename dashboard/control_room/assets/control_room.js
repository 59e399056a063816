// The overview page comes to life: one snapshot of everything in words, one stream that says when to look again.

import { openStream } from "../static/live.js";
import { ThingFigure } from "./figure.js";
import { createAlerts, createRejections, severitySign } from "./lists.js";
import { appears, growOld, h, language, learnWords, now, number, say, setClock, setText } from "./page.js";
import { fetchJson, LoggedOut, RoomMap } from "./room_map.js";
import { createTiles } from "./tiles.js";

const OVERVIEW = `/ops/api/overview?lang=${language}`;
const SOON_MS = 1_000;
const LATEST_MS = 5_000;
const SEVERITIES = ["critical", "warning", "info"];

const wall = new URLSearchParams(location.search).get("wall") === "1";
if (wall) document.documentElement.dataset.wall = "1";

await appears("rejections-list");
const element = (id) => document.getElementById(id);
learnWords(element("words"));

const figure = new ThingFigure(element("thing-property"));
const map = await RoomMap.create(element("map"), {
  layers: element("layers"),
  find: element("find"),
  onSelect: (id) => figure.show(map.city, id),
}).catch(toLogin);
const onPlace = (thing) => map.focus(thing);
const showTiles = createTiles(element("tiles"), { onPlace, shapeOf: (domain) => map.shapeOf(domain) });
const showAlerts = createAlerts(element("alerts-list"), { onPlace });
const showRejections = createRejections(element("rejections-list"));

function show(overview) {
  setClock(overview.generated_at);
  document.documentElement.dataset.link = overview.link;
  setPill("link", { live: "ok", empty: "off", loading: "off" }[overview.link] ?? "bad", overview.link_word);
  setPill("ingest", { receiving: "ok", unknown: "off" }[overview.ingest.state] ?? "bad", ingestWords(overview));
  setPill("loss", { none: "ok", some: "ok", much: "bad" }[overview.loss?.state] ?? "off", lossWords(overview.loss));
  if (overview.clocks) setPill("clocks", "bad", overview.clocks.words);
  else element("clocks").hidden = true;
  element("simulated").hidden = !overview.simulated;
  showFiring(overview.firing);
  showTiles(overview.tiles);
  showAlerts(overview.alerts);
  showRejections(overview.rejections);
  setText(element("alerts-count"), String(overview.alerts.filter((alert) => alert.state === "firing").length));
  setText(element("rejections-count"), `${overview.rejected_day} ${say("day")}`);
  map.setAlerted(overview.alerts.filter((alert) => alert.state === "firing").map((alert) => alert.thing));
  map.know(overview.tiles.map((tile) => tile.domain)).catch(toLogin);
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
}

function toLogin(error) {
  if (!(error instanceof LoggedOut)) throw error;
  location.assign(wall ? "/ops/login?wall=1" : "/ops/login");
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
  onState(state) {
    if (state === "open") map.reload().catch(() => lookAgain(0));
    lookAgain(0);
  },
});

element("thing-close").addEventListener("click", () => {
  map.marks.select(null);
  element("find-place").focus();
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (figure.thing) map.marks.select(null);
  else if (wall) location.assign("/ops/");
});

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
document.documentElement.dataset.ready = "1";
