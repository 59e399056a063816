// One incident: steps to tick off, notes, attachments, its alerts, its timeline. What another does appears by itself.

import { openStream } from "../static/live.js";
import { ask, aged, element, keepLooking, Refused, send, showRows, working } from "./asking.js";
import { severitySign } from "./lists.js";
import { filled, growOld, h, learnWords, say, setClock, setText, thingLink } from "./page.js";

const AGAIN_MS = 5_000;
const words = element("words");
learnWords(words);
const { incident: id, who } = words.dataset;
const mayAct = words.dataset.mayAct === "1";
const FACTS = ["title", "place", "severity", "commander", "assignee"];

let shown = null;
let written = false; // somebody is filling in the facts: what comes from others waits

function show(found) {
  shown = found;
  setClock(found.generated_at);
  showHead(found);
  showFacts(found);
  showSteps(found.steps);
  showRows(element("alerts"), found.alerts, alertRow, "incident_no_alerts");
  showRows(element("files"), found.attachments, fileRow, "incident_no_files");
  showTimeline();
  for (const part of document.querySelectorAll(".acting")) part.hidden = !mayAct || !found.open;
  for (const part of document.querySelectorAll(".acting-always")) part.hidden = !mayAct;
  for (const [name, is] of [["close", found.open], ["reopen", !found.open]]) {
    for (const part of ["", "-words", "-label"]) element(`${name}${part}`).hidden = !is;
  }
  element("loading").hidden = true;
  element("all").hidden = false;
}

function showHead(found) {
  element("head").className = `panel headline ${found.severity}`;
  if (element("sign").dataset.severity !== found.severity) {
    element("sign").replaceChildren(severitySign(found.severity));
    element("sign").dataset.severity = found.severity;
  }
  setText(element("severity"), found.severity_word);
  setText(element("state"), found.state_word);
  showRows(element("marks"), found.marks, (mark) => h("span", { className: "note" }, mark));
  setText(element("title"), found.title);
  setText(element("place"), found.place);
  setText(element("who"), found.facts.join(" · "));
  element("then").href = `/ops/replay?at=${found.then}`;
  showRows(element("since"), [[found.words, found.lasted, found.opened_at]], ([text, lasted, at]) =>
    h("span", {}, text, " · ", lasted || aged(at)));
  element("resolution").hidden = !found.resolution;
  setText(element("resolution"), found.resolution);
  element("viewer").hidden = mayAct;
}

function showFacts(found) {
  for (const name of FACTS) element(`fact-${name}`).disabled = !mayAct || !found.open;
  element("take").hidden = found.commander === who;
  if (written) return;
  const select = element("fact-commander");
  showRows(select, ["", ...found.commanders], (name) => h("option", { value: name }, name || say("incident_nobody")));
  for (const name of FACTS) if (element(`fact-${name}`).value !== found[name]) element(`fact-${name}`).value = found[name];
}

// A list that is made anew keeps the focus where it was.
function showSteps(steps) {
  const focused = document.activeElement?.dataset?.step;
  const done = steps.filter((step) => step.done).length;
  setText(element("steps-count"), steps.length ? `${done}/${steps.length}` : "");
  showRows(element("steps"), steps.map((step) => ({ ...step, may: mayAct && shown.open })), stepRow, "incident_no_steps");
  if (focused) document.querySelector(`[data-step="${focused}"]`)?.focus({ preventScroll: true });
}

function stepRow(step) {
  const box = h("input", { type: "checkbox", checked: Boolean(step.done), disabled: !step.may });
  box.dataset.step = step.id;
  box.addEventListener("change", () => tick(step, box));
  return h("li", { className: step.done ? "done" : "" },
    h("label", {}, box, h("span", { className: "said" }, step.text)),
    step.done ? h("small", { className: "tick" }, step.done) : "",
    h("small", {}, step.origin));
}

async function tick(step, box) {
  const done = box.checked;
  const work = async () => {
    await ask(`/incidents/${id}/steps/${step.id}`, { done });
    return say(done ? "incident_done_tick" : "incident_done_untick");
  };
  if (!(await working("steps-result", work))) box.checked = !done;
  await look();
}

function alertRow(alert) {
  return h("li", { className: `alert ${alert.severity} ${alert.state}` },
    severitySign(alert.severity),
    h("div", {},
      h("p", { className: "facts" }, h("b", { className: "severity" }, alert.severity_word), h("span", { className: "state" }, alert.state_word),
        ...alert.marks.map((mark) => h("span", { className: "note" }, mark))),
      h("a", { className: "title", href: `/ops/alerts/${alert.id}` }, alert.title),
      h("p", {}, thingLink(alert.thing, alert.place.name)),
      h("p", { className: "values muted" }, alert.value_words),
      h("p", { className: "facts muted" }, alert.since.words),
      alert.acknowledged ? h("small", {}, alert.acknowledged) : ""));
}

function fileRow(file) {
  const about = h("div", {}, h("a", { href: file.href, download: file.name }, file.name), h("small", {}, file.words));
  if (!file.image) return h("li", {}, about);
  return h("li", { className: "image" }, h("img", { src: file.href, alt: "", loading: "lazy" }), about);
}

function showTimeline() {
  const messages = element("messages").checked;
  const lines = shown.timeline.filter((one) => messages || one.kind !== "message");
  showRows(element("timeline"), lines, timelineRow, "timeline_empty");
  element("timeline-cut").hidden = !shown.timeline_cut;
  setText(element("timeline-cut"), shown.timeline_cut);
}

function timelineRow({ line, kind, about, href }) {
  return h("li", { className: `${line.tone} ${kind}` },
    h("time", { dateTime: line.at }, line.at_words),
    h("span", { className: "dot", "aria-hidden": "true" }, line.sign),
    h("div", { className: "body" },
      h("p", { className: "said" }, line.words),
      line.small ? h("small", {}, line.small) : "",
      about ? h("a", { className: "about", href }, about) : ""));
}

// Actions

async function act(resultId, path, body, done, clear = []) {
  const work = async () => {
    await ask(`/incidents/${id}/${path}`, body());
    return filled(done, { id });
  };
  const succeeded = await working(resultId, work);
  if (succeeded) for (const field of clear) element(field).value = "";
  await look();
  return succeeded;
}

const submits = (form, handle) => element(form).addEventListener("submit", (event) => {
  event.preventDefault();
  handle(event);
});

submits("step-form", () => act("steps-result", "steps", () => ({ text: element("step-text").value }), "incident_done_step", ["step-text"]));
submits("note-form", () => act("note-result", "note", () => ({ text: element("note").value }), "incident_done_note", ["note"]));
submits("end-form", () =>
  shown.open
    ? act("end-result", "close", () => ({ text: element("close-text").value }), "incident_done_close", ["close-text"])
    : act("end-result", "reopen", () => ({ text: element("reopen-text").value }), "incident_done_reopen", ["reopen-text"]));

element("facts").addEventListener("input", () => (written = true));
submits("facts", async () => {
  const changed = () => Object.fromEntries(FACTS.map((name) => [name, element(`fact-${name}`).value]).filter(([name, value]) => value !== shown[name]));
  if (await act("facts-result", "change", changed, "incident_done_change")) {
    written = false;
    await look();
  }
});
element("take").addEventListener("click", () => act("facts-result", "change", () => ({ commander: who }), "incident_done_change"));

submits("join-form", async () => {
  const chosen = Number(element("join-alert").value);
  if (chosen && (await act("join-result", "join", () => ({ alerts: [chosen] }), "incident_done_join"))) await offer();
});

// The alerts that go on and are not in this incident, asked for when somebody looks for one.
async function offer() {
  if (!mayAct) return;
  const { queue } = await ask("/alerts");
  const own = new Set(shown.alerts.map((alert) => alert.id));
  const offered = [...queue.firing, ...queue.acknowledged].filter((alert) => !own.has(alert.id));
  showRows(element("join-alert"), offered.map((alert) => [alert.id, `${alert.severity_word}: ${alert.title} – ${alert.place}`]), ([value, text]) =>
    h("option", { value }, text));
}
element("join-alert").addEventListener("focus", () => offer().catch(() => {}));

submits("file-form", async () => {
  const work = async () => {
    const [file] = element("file").files;
    if (!file) throw new Refused(say("refused_attachment_none"), "attachment_none");
    if (file.size > Number(words.dataset.largest)) throw new Refused(say("refused_attachment_too_large"), "attachment_too_large");
    const made = await send(`/incidents/${id}/attachments?name=${encodeURIComponent(file.name)}`, file);
    return filled("incident_done_attach", made);
  };
  if (await working("file-result", work)) element("file").value = "";
  await look();
});

element("messages").addEventListener("change", () => shown && showTimeline());

const look = keepLooking(
  async () => {
    try {
      show(await ask(`/incidents/${id}`));
    } finally {
      element("loading").hidden = true;
    }
  },
  { everyMs: AGAIN_MS, faultId: "fault" },
);
setInterval(growOld, 1_000);
openStream("/ops/stream", { onItems() {}, onState() {}, onChange: () => look() });
await look();
if (shown) await offer().catch(() => {});
document.documentElement.dataset.ready = "1";
