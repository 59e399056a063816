// The bar of a replay: what time it is there, how fast, where to. It marks the tab, and every link of the page stays in it.

import { replay, instant, written } from "./replay_clock.js";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const element = (id) => document.getElementById(id);
const words = JSON.parse(element("past-bar").dataset.words);
const title = document.title.split(" · ").slice(2).join(" · "); // behind mark and time
const root = document.documentElement;
root.dataset.replay = "1";
if (new URLSearchParams(location.search).get("wall") === "1") root.dataset.wall = "1";

function setText(parent, text) {
  if (parent.textContent !== text) parent.textContent = text;
}

function show() {
  const said = replay.words;
  setText(element("past-time"), said);
  element("past-time").dateTime = written(replay.at);
  const inTab = `▶ ${words.past_mark} ${said.slice(0, 16)} · ${title}`;
  if (document.title !== inTab) document.title = inTab;
  const day = written(replay.at).slice(11);
  if (document.activeElement !== element("past-slider") || replay.playing) {
    element("past-slider").value = String(Number(day.slice(0, 2)) * 3_600 + Number(day.slice(3, 5)) * 60);
  }
  element("past-slider").setAttribute("aria-valuetext", said);
}

function showState() {
  show();
  root.dataset.replayState = replay.playing ? "playing" : "paused";
  setText(element("past-speed-word"), `×${replay.speed}`);
  const state = replay.ended ? "end" : replay.waits && replay.playing ? "loading" : replay.playing ? "playing" : "paused";
  setText(element("past-state"), words[`past_${state}`]);
  setText(element("past-play"), replay.playing ? `❚❚ ${words.past_pause}` : `▶ ${words.past_play}`);
  element("past-play").setAttribute("aria-pressed", String(replay.playing));
  element("past-speed").value = String(replay.speed);
}

// Aloud, and only what somebody brought about: not every second.
function say(text) {
  setText(element("past-said"), text);
}

const whereWeAre = () => say(words.past_at.replace("{time}", replay.words));

function move(ms) {
  replay.jump(replay.at + ms);
  whereWeAre();
}

async function toAlert(which) {
  const answer = await fetch(`/ops/api/past/alerts?at=${written(replay.at)}&lang=${root.lang}`).catch(() => null);
  if (answer?.status === 401) return location.assign("/ops/login");
  const found = await answer?.json().catch(() => null);
  if (!answer?.ok || !found) return fault(found?.error ?? words.past_server_gone);
  fault("");
  if (!found[which]) return note(words.past_no_alert);
  replay.jump(instant(found[which]));
  whereWeAre();
}

function fault(text) {
  element("past-fault").hidden = !text;
  setText(element("past-fault"), text);
}

function note(text) {
  say(text);
  setText(element("past-state"), text);
}

element("past-play").addEventListener("click", () => {
  if (replay.playing) replay.pause();
  else replay.play();
  say(replay.playing ? words.past_playing : `${words.past_paused}: ${replay.words}`);
});
element("past-back").addEventListener("click", () => move(-5 * MINUTE_MS));
element("past-on").addEventListener("click", () => move(5 * MINUTE_MS));
element("past-previous").addEventListener("click", () => toAlert("previous"));
element("past-next").addEventListener("click", () => toAlert("next"));
element("past-speed").addEventListener("change", () => replay.setSpeed(Number(element("past-speed").value)));
element("past-slider").addEventListener("change", () => {
  const today = instant(`${written(replay.at).slice(0, 10)}T00:00`);
  replay.jump(today + Math.min(Number(element("past-slider").value) * 1_000, DAY_MS));
  whereWeAre();
});
element("past-go").addEventListener("submit", (event) => {
  event.preventDefault();
  const found = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:\s+(\d{1,2}):(\d\d))?$/.exec(element("past-goto").value.trim());
  const two = (part) => (part ?? "0").padStart(2, "0");
  const asked = found ? instant(`${found[3]}-${two(found[2])}-${two(found[1])}T${two(found[4])}:${two(found[5])}`) : NaN;
  if (!(asked <= replay.limit)) return fault(words.past_bad_time);
  fault("");
  replay.jump(asked);
  whereWeAre();
});

// ← and → mean something else to what is typed in, chosen, slid or panned.
addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  if (event.target.closest?.("input, textarea, select, dialog, .leaflet-container, .js-plotly-plot, [role=region][tabindex]")) return;
  event.preventDefault();
  move((event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 60 : 5) * MINUTE_MS);
});

// A link is followed at the moment at which it is pressed, whichever button does it; one to another time, or out, says so.
function carry(event) {
  const link = event.target.closest?.("a[href]");
  if (link && !link.dataset.own && !link.getAttribute("href").startsWith("#")) link.href = replay.carry(link.href);
}
for (const type of ["pointerdown", "click", "focusin", "contextmenu"]) addEventListener(type, carry, { capture: true });

replay.addEventListener("ticked", show);
replay.addEventListener("changed", showState);
replay.addEventListener("moved", showState);
addEventListener("replay-fault", (event) => fault(event.detail));
for (const one of element("past-bar").querySelectorAll(":disabled")) one.disabled = false;
showState();
