// One alert: what it is, what it rests on, who was told and why, and what an operator can do about it.

import { ask, aged, element, keepLooking, showRows, showTable, tell, working, written } from "./asking.js";
import { joinIncident, offerIncidents, openIncident, showIncidents } from "./incident_pick.js";
import { severitySign } from "./lists.js";
import { showNearby } from "./nearby.js";
import { filled, growOld, h, learnWords, say, setClock, setText, thingLink } from "./page.js";

const AGAIN_MS = 4_000;
learnWords(element("words"));
const id = element("words").dataset.alert;
const mayAct = element("words").dataset.mayAct === "1";
const PANELS = ["head", "actions", "evidence", "what-to-do", "for-public", "story", "why", "label-panel", "incident", "nearby-panel"];

let answers = {};
let alert = null;

function show(found) {
  const first = alert === null;
  alert = found;
  setClock(found.generated_at);
  showHead(found);
  showEvidence(found.evidence);
  showPublic(found);
  showTimeline(found.timeline);
  showWhy(found.why);
  showNearby(found.nearby);
  showIncidents(element("incident-of"), found.incidents);
  element("incident-acting").hidden = !mayAct || found.incidents.some((one) => one.open);
  setText(element("runbook"), found.runbook);
  showRows(element("labels"), found.labels, ([name, value]) => h("li", {}, `${name} = ${value}`));
  if (first) prefill(found);
  for (const panel of PANELS) element(panel).hidden = false;
  element("loading").hidden = true;
}

function showHead(found) {
  element("head").className = `panel headline ${found.severity} ${found.state}`;
  if (element("sign").dataset.severity !== found.severity) {
    element("sign").replaceChildren(severitySign(found.severity));
    element("sign").dataset.severity = found.severity;
  }
  setText(element("severity"), found.severity_word);
  setText(element("state"), found.state_word);
  showRows(element("marks"), found.marks, (mark) => h("span", { className: "note" }, mark));
  setText(element("title"), found.title);
  showRows(element("place"), [[found.place, found.thing]], ([place, thing]) =>
    h("span", {}, thingLink(thing, place.name),
      place.words ? h("span", { className: "muted" }, ` · ${place.words}`) : "",
      ...(place.on_map ? [" · ", h("a", { href: `/ops/?thing=${encodeURIComponent(place.thing)}` }, say("show"))] : [])),
  );
  setText(element("value"), found.value_words);
  showRows(element("since"), [found.since], (since) => h("span", {}, since.words, " · ", aged(since.at)));
  element("then").href = `/ops/replay?at=${found.then}&thing=${encodeURIComponent(found.place.thing)}`;
  element("acknowledged").hidden = !found.acknowledged;
  setText(element("acknowledged"), found.acknowledged ?? "");
  element("flapping").hidden = !found.flapping;
  element("actions-viewer").hidden = mayAct;
  element("acting").hidden = !mayAct;
  element("acknowledge").hidden = Boolean(found.acknowledged) || found.state === "resolved";
  element("unacknowledge").hidden = !found.acknowledged || found.state === "resolved";
  element("escalate").hidden = found.state !== "firing";
  element("silence-form").hidden = found.state === "resolved";
}

function showEvidence({ numbers, readings }) {
  showRows(element("numbers"), numbers, ([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text)));
  showTable(
    element("readings"),
    readings,
    (one) => [
      h("th", { scope: "row" }, one.which, one.of ? h("small", {}, one.of) : ""),
      h("td", { className: "number" }, one.value),
      h("td", {}, one.time),
      h("td", {}, one.arrived),
      h("td", { className: one.doubtful ? "doubt" : "" }, one.quality),
      h("td", {}, one.provenance),
    ],
    "no_readings",
  );
}

function showPublic({ public: shown }) {
  setText(element("public"), shown.words);
  element("preview").hidden = !shown.preview;
  if (shown.preview) {
    setText(element("preview-status"), shown.preview.status);
    showRows(element("preview-texts"), shown.preview.texts, (text) => h("p", { lang: text.lang }, text.text));
  }
  element("public-buttons").hidden = !mayAct || !shown.open;
  element("approve").hidden = !shown.may_approve;
  element("refuse").hidden = !shown.may_refuse;
  element("refusing").hidden = !mayAct || !shown.may_refuse;
}

function showTimeline(entries) {
  showRows(
    element("timeline"),
    entries,
    (entry) =>
      h("li", { className: entry.tone },
        h("time", { dateTime: entry.at }, entry.at_words),
        h("span", { className: "dot", "aria-hidden": "true" }, entry.sign),
        h("div", { className: "body" }, said(entry), entry.small ? h("small", {}, entry.small) : "",
          entry.text ? h("details", {}, h("summary", {}, say("message_text")), h("blockquote", {}, entry.text)) : "")),
    "timeline_empty",
  );
}

function said(entry) {
  if (!entry.link) return h("p", { className: "said" }, entry.words);
  return h("p", { className: "said" }, entry.words, " ", h("a", { href: entry.link.href }, entry.link.text));
}

function showWhy(why) {
  answers = Object.fromEntries(why.map((one) => [one.receiver, one.answer]));
  const select = element("why-receiver");
  const chosen = select.value;
  showRows(select, why.map((one) => one.receiver), (name) => h("option", { value: name }, name));
  if (chosen in answers) select.value = chosen;
  setText(element("why-answer"), answers[select.value] ?? say("why_none"));
}

function prefill(found) {
  element("silence-matchers").value = found.silence_matchers.join("\n");
  element("silence-until").value = found.in_two_hours;
}

// Actions

async function act(resultId, path, body, done) {
  const succeeded = await working(resultId, async () => {
    await ask(path, body);
    return say(done);
  });
  if (succeeded) await look();
  return succeeded;
}

const note = () => element("note").value.trim();

async function withNote(path, body, done) {
  if (await act("note-result", `/alerts/${id}/${path}`, body, done)) element("note").value = "";
}

element("note-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!element("acknowledge").hidden) withNote("acknowledge", { note: note() || null }, "done_acknowledge");
});
element("unacknowledge").addEventListener("click", () => withNote("unacknowledge", {}, "done_unacknowledge"));
element("add-note").addEventListener("click", () => withNote("note", { note: note() }, "done_note"));
element("escalate").addEventListener("click", () => act("note-result", `/alerts/${id}/escalate`, {}, "done_escalate"));
element("approve").addEventListener("click", () => act("public-result", `/alerts/${id}/approve`, {}, "done_approve"));
element("refuse").addEventListener("click", () => act("public-result", `/alerts/${id}/refuse`, { reason: element("refuse-reason").value.trim() }, "done_refuse"));

element("incident-open").addEventListener("click", () => openIncident("incident-result", [Number(id)]));
element("incident-add").addEventListener("click", async () => {
  if (await joinIncident("incident-result", "incident-join", [Number(id)])) await look();
});
const offer = () => mayAct && offerIncidents("incident-join", "incident-joining").catch(() => {}); // the page says already that nothing answers
element("incident-join").addEventListener("focus", offer);

async function silence(end) {
  const matchers = element("silence-matchers").value.split("\n").map((line) => line.trim()).filter(Boolean);
  const succeeded = await working("silence-result", async () => {
    const body = { kind: "silence", matchers, reason: element("silence-reason").value.trim(), ...end() };
    const made = await ask("/silences", body);
    return filled("done_silence", { id: made.id, at: made.ends_words });
  });
  if (!succeeded) return;
  element("silence-reason").value = "";
  await look();
}

for (const button of document.querySelectorAll("#silence-form [data-minutes]")) {
  if (button.type === "button") button.addEventListener("click", () => silence(() => ({ minutes: Number(button.dataset.minutes) })));
}
element("silence-form").addEventListener("submit", (event) => {
  event.preventDefault();
  silence(() => ({ minutes: Number(event.submitter?.dataset.minutes ?? 120) }));
});
element("silence-then").addEventListener("click", () => silence(() => ({ ends_at: written(element("silence-until").value) })));
element("why-receiver").addEventListener("change", () => setText(element("why-answer"), answers[element("why-receiver").value] ?? ""));

const look = keepLooking(
  async () => {
    try {
      show(await ask(`/alerts/${id}`));
    } catch (error) {
      element("loading").hidden = true;
      throw error;
    }
  },
  { everyMs: AGAIN_MS, faultId: "fault" },
);
tell("note-result", "");
setInterval(growOld, 1_000);
await look();
await offer();
document.documentElement.dataset.ready = "1";
