// All alerts: the queue, their history, silences, receivers, what could not be delivered, who is on call.

import { ask, aged, element, keepLooking, showRows, showStandstills, showTable, tell, working, written } from "./asking.js";
import { joinIncident, offerIncidents, openIncident } from "./incident_pick.js";
import { severitySign } from "./lists.js";
import { filled, growOld, h, learnWords, say, setClock, setText, thingLink } from "./page.js";

const AGAIN_MS = 4_000;
const CHOICES_AGAIN_MS = 60_000;
const TEST_PATIENCE_MS = 60_000;
const TEST_LOOK_MS = 500;
learnWords(element("words"));
const mayAct = element("words").dataset.mayAct === "1";
const pageOf = (alert) => `/ops/alerts/${alert.id}`;

let board = null;

function show(found) {
  board = found;
  setClock(found.generated_at);
  showFilters(found.queue);
  showQueue();
  showSilences(found.silences);
  showRows(element("receivers"), found.receivers, receiverRow, "receivers_none");
  showRows(element("dead"), found.dead, deadRow, "dead_none");
  showNoisiest();
  showOnCall(found.on_call);
  showRows(element("cap"), found.cap, capRow, "cap_none");
  showEngine(found.engine);
  setText(element("availability"), found.availability);
}

// The queue

function showFilters(queue) {
  const alerts = Object.values(queue).flat();
  for (const name of ["kind", "area"]) {
    const select = element(`filter-${name}`);
    const chosen = select.value;
    const kept = select.selectedOptions[0]?.textContent;
    const names = new Map([[chosen, kept], ...alerts.map((alert) => [alert[name], alert[`${name}_name`]])]);
    names.delete("");
    const values = [...names].sort((one, other) => one[1].localeCompare(other[1], document.documentElement.lang));
    showRows(select, [["", say("any")], ...values], ([value, shown]) => h("option", { value }, shown));
    select.value = chosen;
  }
}

const fits = (alert) =>
  ["severity", "kind", "area"].every((name) => !element(`filter-${name}`).value || alert[name] === element(`filter-${name}`).value);

function showQueue() {
  for (const [state, alerts] of Object.entries(board.queue)) {
    const shown = alerts.filter(fits);
    setText(element(`${state}-count`), shown.length === alerts.length ? String(shown.length) : `${shown.length}/${alerts.length}`);
    const rows = shown.map((alert) => ({ ...alert, incident: board.incidents[alert.id] }));
    showRows(element(state), rows, (alert) => queueRow(alert, state), "queue_empty");
  }
  showPicked();
}

function queueRow(alert, state) {
  const facts = [h("b", { className: "severity" }, alert.severity_word), ...alert.marks.map((mark) => h("span", { className: "note" }, mark))];
  const row = h("li", { className: `alert ${alert.severity} ${alert.state}` },
    severitySign(alert.severity),
    h("div", {},
      h("p", { className: "facts" }, ...facts),
      h("a", { className: "title", href: pageOf(alert) }, alert.title),
      h("p", {}, thingLink(alert.thing, alert.place)),
      h("p", { className: "values muted" }, alert.value_words),
      h("p", { className: "facts muted" }, alert.since_words, aged(alert.since)),
      alert.acknowledged ? h("small", {}, alert.acknowledged) : "",
      alert.incident ? h("p", {}, h("a", { href: `/ops/incidents/${alert.incident.id}` }, alert.incident.words)) : ""),
  );
  if (mayAct && !alert.incident) {
    row.classList.add("with-pick");
    row.prepend(picker(alert));
  }
  if (mayAct && state === "firing") {
    const name = filled("acknowledge_it", alert);
    row.append(h("button", { type: "button", "aria-label": `${name}: ${alert.title}`, onclick: () => acknowledge(alert) }, say("acknowledge")));
  }
  return row;
}

// Alerts that are chosen for an incident

const picked = new Set();

function picker(alert) {
  const box = h("input", { type: "checkbox", checked: picked.has(alert.id), "aria-label": filled("incident_choose", alert) });
  box.addEventListener("change", () => {
    if (box.checked) picked.add(alert.id);
    else picked.delete(alert.id);
    showPicked();
    offerIncidents("picked-join", "picked-joining").then(showPicked, () => {}); // the page says already that nothing answers
  });
  return h("label", { className: "pick" }, box);
}

function showPicked() {
  const free = new Set(Object.values(board.queue).flat().filter((alert) => !board.incidents[alert.id]).map((alert) => alert.id));
  for (const id of [...picked]) if (!free.has(id)) picked.delete(id);
  element("picked").hidden = !picked.size;
  element("picked-add").hidden = element("picked-joining").hidden;
  setText(element("picked-open"), filled("incident_open_chosen", { count: picked.size }));
}

element("picked-open").addEventListener("click", () => openIncident("picked-result", [...picked]));
element("picked-add").addEventListener("click", async () => {
  if (await joinIncident("picked-result", "picked-join", [...picked])) await look();
});

async function acknowledge(alert) {
  const work = async () => {
    await ask(`/alerts/${alert.id}/acknowledge`, { note: null });
    return `${say("done_acknowledge")} ${alert.title}`;
  };
  if (await working("queue-result", work)) await look();
}

for (const name of ["severity", "kind", "area"]) element(`filter-${name}`).addEventListener("change", () => board && showQueue());

// History

let past = { alerts: [], after: null };

async function search(after) {
  const query = new URLSearchParams();
  for (const [name, read] of [["rule", String], ["thing", String], ["from", written], ["to", written]]) {
    const value = read(element(`history-${name}`).value.trim());
    if (value) query.set(name, value);
  }
  if (after) query.set("after", after);
  const found = await ask(`/alerts/history?${query}`);
  past = { alerts: after ? [...past.alerts, ...found.alerts] : found.alerts, after: found.after };
  showTable(element("history"), past.alerts, historyCells, "history_empty");
  element("history-more").hidden = !past.after;
  return "";
}

function historyCells(alert) {
  return [
    h("th", { scope: "row", className: alert.severity }, severitySign(alert.severity), " ", h("a", { href: pageOf(alert) }, alert.title),
      h("small", {}, [alert.severity_word, ...alert.marks].join(" · "))),
    h("td", {}, thingLink(alert.thing, alert.place)),
    h("td", {}, alert.began),
    h("td", {}, alert.lasted),
    h("td", { className: "number" }, alert.peak_words),
  ];
}

element("history-form").addEventListener("submit", (event) => {
  event.preventDefault();
  working("history-result", () => search(null));
});
element("history-more").addEventListener("click", () => working("history-result", () => search(past.after)));

// Silences

function showSilences(silences) {
  for (const state of ["active", "planned", "ended"]) {
    showRows(element(`silences-${state}`), silences[state], (one) => silenceRow(one, state), "silences_none");
  }
}

function silenceRow(one, state) {
  const row = h("li", {}, h("div", {},
    h("p", { className: "facts" }, h("b", {}, `#${one.id}`), h("span", { className: "note" }, one.kind_word), h("code", {}, one.matchers.join(", "))),
    h("p", {}, one.reason),
    h("small", {}, one.words), one.mutes ? h("small", {}, one.mutes) : ""));
  if (mayAct && state !== "ended") {
    row.classList.add("with-button");
    row.append(h("button", { type: "button", "aria-label": filled("end_number", one), onclick: () => end(one) }, say("end_it")));
  }
  return row;
}

async function end(one) {
  const work = async () => {
    await ask(`/silences/${one.id}/end`, {});
    return filled("done_ended", one);
  };
  if (await working("silences-result", work)) await look();
}

const LISTS = { thing: "things", area: "areas", kind: "kinds", rule: "rules" };

function fitForm() {
  const scope = element("silence-scope").value;
  element("silence-value-label").hidden = scope === "own";
  element("silence-own-label").hidden = scope !== "own";
  element("silence-value").setAttribute("list", LISTS[scope] ?? "");
  element("silence-starts-label").hidden = element("silence-kind").value !== "maintenance";
  element("silence-until-label").hidden = element("silence-length").value !== "";
}

function matchers() {
  if (element("silence-scope").value === "own") {
    return element("silence-matchers").value.split("\n").map((line) => line.trim()).filter(Boolean);
  }
  const value = element("silence-value").value.trim();
  return value ? [`${element("silence-scope").value} = "${value.replace(/[\\"]/g, "\\$&")}"`] : [];
}

element("silence-scope").addEventListener("change", () => {
  element("silence-value").value = "";
  fitForm();
});
element("silence-kind").addEventListener("change", fitForm);
element("silence-length").addEventListener("change", fitForm);
element("silence-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const planned = element("silence-kind").value === "maintenance";
  const work = async () => {
    const made = await ask("/silences", {
      kind: element("silence-kind").value,
      matchers: matchers(),
      reason: element("silence-reason").value.trim(),
      starts_at: planned ? written(element("silence-starts").value) : null,
      minutes: Number(element("silence-length").value) || null,
      ends_at: element("silence-length").value ? null : written(element("silence-until").value),
    });
    return filled("done_silence", { id: made.id, at: made.ends_words });
  };
  if (await working("silences-result", work)) {
    for (const name of ["value", "matchers", "reason"]) element(`silence-${name}`).value = "";
    await look();
  }
});

// Receivers

const tests = new Map(); // receiver → what is said of its test

function receiverRow(one) {
  const row = h("li", {}, h("div", {},
    h("p", { className: "facts" }, h("b", {}, one.name), h("span", { className: "muted" }, one.type)),
    ...one.lines.map((line) => h("small", { className: line.kind }, line.text))));
  if (mayAct && one.testable) {
    row.classList.add("with-button");
    row.append(h("button", { type: "button", "aria-label": filled("send_test_to", { receiver: one.name }), onclick: () => sendTest(one.name) }, say("send_test")));
  }
  const result = h("p", { className: "result", role: "status" });
  result.dataset.receiver = one.name;
  row.firstChild.append(result);
  sayTest(result, tests.get(one.name));
  return row;
}

function sayTest(result, said) {
  if (!said) return;
  result.className = `result ${said.kind}`;
  setText(result, said.text);
}

function tellTest(receiver, text, kind = "") {
  tests.set(receiver, { text, kind });
  for (const result of document.querySelectorAll("#receivers .result")) {
    if (result.dataset.receiver === receiver) sayTest(result, tests.get(receiver));
  }
}

// What is reported is what became of the message, not that it was asked for.
async function sendTest(receiver) {
  tellTest(receiver, say("test_waiting"));
  try {
    const { id } = await ask("/receivers/test", { receiver });
    const until = Date.now() + TEST_PATIENCE_MS;
    while (Date.now() < until) {
      const state = await ask(`/notifications/${id}`);
      if (state.words) tellTest(receiver, state.words, state.kind);
      if (state.over) return;
      await new Promise((resolve) => setTimeout(resolve, TEST_LOOK_MS));
    }
    tellTest(receiver, say("test_slow"), "bad");
  } catch (error) {
    tellTest(receiver, error.message, "bad");
  } finally {
    look();
  }
}

function deadRow(one) {
  return h("li", {}, h("p", { className: "facts" }, h("b", {}, one.receiver), h("span", { className: "note" }, one.reason_word)),
    h("p", {}, one.text), h("small", { className: "bad" }, one.words),
    h("p", { className: "facts" }, ...one.alerts.map((number) => h("a", { href: `/ops/alerts/${number}` }, `#${number}`))));
}

// The rest

function showNoisiest() {
  if (!board) return;
  showTable(
    element("noisiest"),
    board.noisiest[element("noisiest-span").value],
    (one) => [h("th", { scope: "row" }, h("a", { href: `/ops/rules/${encodeURIComponent(one.rule)}` }, one.title), h("small", {}, one.rule)), h("td", { className: "number" }, one.fired), h("td", { className: "number" }, one.notified)],
    "noisiest_none",
  );
}
element("noisiest-span").addEventListener("change", showNoisiest);

function showOnCall(onCall) {
  element("on-call-fault").hidden = !onCall.fault;
  if (onCall.fault) element("on-call-fault").replaceChildren(say("on_call_fault"), h("span", { lang: "en" }, onCall.fault));
  showRows(element("on-call"), onCall.rosters, (one) =>
    h("li", {}, h("p", { className: "facts" }, h("b", {}, one.people || say("on_call_nobody")), h("span", { className: "muted" }, one.roster)),
      one.fault ? h("small", { className: "bad", lang: "en" }, one.fault) : ""),
  onCall.fault ? undefined : "on_call_none");
}

function capRow(one) {
  return h("li", {}, h("p", { className: "facts" }, h("span", { className: "note" }, one.status_word), h("span", { className: "muted" }, one.type_word)),
    h("a", { className: "title", href: `/ops/alerts/${one.alert}` }, one.headline), h("small", {}, one.words));
}

function showEngine(engine) {
  setText(element("engine"), engine.words);
  element("engine").classList.toggle("bad", Boolean(engine.fault));
  showStandstills(element("standstills"), engine.fault ? [engine.fault] : []);
}

async function offer() {
  try {
    const found = await ask("/alerts/choices");
    for (const name of ["things", "rules", "areas", "kinds"]) {
      showRows(element(name), found[name], (one) => h("option", { value: one.value }, one.name));
    }
  } catch {
    // the page says already that the server does not answer; the lists come with the next try
  }
  setTimeout(offer, CHOICES_AGAIN_MS);
}

const look = keepLooking(async () => show(await ask("/alerts")), { everyMs: AGAIN_MS, faultId: "fault" });
element("new-silence").hidden = !mayAct;
fitForm();
setInterval(growOld, 1_000);
await look();
await working("history-result", () => search(null));
offer();
tell("queue-result", "");
document.documentElement.dataset.ready = "1";
