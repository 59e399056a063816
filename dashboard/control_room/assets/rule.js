// One alert rule: form and text are two views of one thing, and every change is tried on stored history.

import { ask, element, keepLooking, Refused, showRows, tell, working } from "./asking.js";
import { filled, h, language, learnWords, number, say, setClock, setText } from "./page.js";
import { runTrial, showTrial } from "./rule_trial.js";

const AGAIN_MS = 3_000;
const TYPED_MS = 300;
const TRIED_MS = 700;
learnWords(element("words"));
const { mayEdit, key, like } = element("words").dataset;
const edits = mayEdit === "1";
const fields = [...document.querySelectorAll("[data-field]")];
const days = [...document.querySelectorAll("[data-days] input")];

let rule = null; // what was opened: domains, things
let draft = null; // the newest answer of the server: text, form, faults
let state = null;
let begun = 0; // the version that the editor began with

// The form

const valueOf = (field) => (field.type === "checkbox" ? field.checked : field.value);

function showForm(form, kept = {}) {
  element("fields").disabled = !edits || form === null;
  if (form === null) return;
  showChoices(form);
  for (const field of fields) {
    const name = field.dataset.field;
    if (name in kept) continue;
    if (field.type === "checkbox") field.checked = form[name];
    else if (field.value !== form[name]) field.value = form[name];
  }
  if (!("weekdays" in kept)) for (const box of days) box.checked = form.weekdays.split(", ").includes(box.value);
  fit();
}

function showChoices(form) {
  const domain = rule.domains.find((one) => one.key === form.domain);
  offer(field("domain"), rule.domains, form.domain);
  offer(field("property"), domain?.properties ?? [], form.property);
}

// A name that nobody knows stays in its list: the faults say what is wrong with it.
function offer(list, known, chosen) {
  const options = known.map((one) => [one.key, one.name]);
  if (!known.some((one) => one.key === chosen)) options.push([chosen, chosen || "–"]);
  showRows(list, options, ([value, name]) => h("option", { value }, name));
  list.value = chosen;
}

const field = (name) => fields.find((one) => one.dataset.field === name);

// Only what belongs to the kind of condition is asked for.
function fit() {
  const kind = field("kind").value;
  const wanted = {
    outside: ["low", "high", "margin"], rises_by: ["value", "within", "clear"], falls_by: ["value", "within", "clear"], absent_for: ["value"], other: [],
  }[kind] ?? ["value", "clear"];
  for (const label of document.querySelectorAll("[data-for]")) label.hidden = !wanted.includes(label.dataset.for);
}

// What was typed and is not in the text yet; one question at a time, the newest typing wins.
const typed = {};
let textTyped = false;
let timer = null;
let asking = false;

function changed(event) {
  if (event.target.closest("[data-days]")) typed.weekdays = days.filter((box) => box.checked).map((box) => box.value).join(", ");
  else if (event.target.dataset.field) typed[event.target.dataset.field] = valueOf(event.target);
  else return;
  if (event.target.dataset.field === "kind") fit();
  if (event.target.dataset.field === "domain") {
    const domain = rule.domains.find((one) => one.key === event.target.value);
    offer(field("property"), domain?.properties ?? [], domain?.properties[0]?.key ?? "");
    typed.property = field("property").value;
  }
  soon();
}

function soon() {
  leaveTrial();
  clearTimeout(timer);
  timer = setTimeout(translate, TYPED_MS);
}

async function translate() {
  if (asking) return;
  asking = true;
  const form = { ...typed };
  const text = element("text").value;
  textTyped = false;
  try {
    const found = await ask("/rules/@draft", { key: key || null, text, form });
    for (const name of Object.keys(form)) if (typed[name] === form[name]) delete typed[name];
    if (!textTyped) showDraft(found);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell("verdict", error.message, "bad");
  } finally {
    asking = false;
  }
  if (textTyped || Object.keys(typed).length) soon();
}

function showDraft(found) {
  draft = found;
  if (element("text").value !== found.text) element("text").value = found.text;
  showForm(found.form, typed);
  showFaults(found.faults);
  if (found.faults.length) tell("verdict", say("rule_faults"), "bad");
  else tell("verdict", `${found.words} · ${found.trust}. ${say(found.same ? "rule_same" : "rule_differs")}`, found.same ? "" : "good");
  if (edits) tryIt();
}

const FIELD_OF = { hold: "for", "title.vi": "title_vi", "title.en": "title_en", "runbook.vi": "runbook_vi", "runbook.en": "runbook_en", "basis.vi": "basis_vi", "basis.en": "basis_en" };

function showFaults(faults) {
  showRows(element("faults"), faults, (one) => h("li", {}, one.message));
  const kind = field("kind").value;
  const named = new Set(faults.map(({ path }) => FIELD_OF[path] ?? (path === `when.${kind}` || path === "when" ? "value" : path.split(".")[0])));
  for (const one of fields) one.setAttribute("aria-invalid", named.has(one.dataset.field) ? "true" : "false");
  if (faults.some(({ path }) => !fields.some((one) => one.dataset.field === path.split(".")[0]))) element("text-details").open ||= draft?.form === null;
}

// The trial

let trial = null; // how the one that runs is stopped
let trialTimer = null;

function leaveTrial() {
  clearTimeout(trialTimer);
  trial?.abort();
  trial = null;
  element("progress").hidden = true;
  element("stop").hidden = true;
  if (!element("outcome").hidden) setText(element("trial-state"), say("trial_stale"));
  element("outcome").classList.add("stale");
}

function tryIt() {
  leaveTrial();
  element("again").hidden = true;
  if (draft.faults.length) {
    setText(element("trial-state"), say(element("outcome").hidden ? "trial_waits" : "trial_stale"));
    return;
  }
  trialTimer = setTimeout(tryNow, TRIED_MS);
}

async function tryNow() {
  const mine = new AbortController();
  trial = mine;
  element("progress").hidden = false;
  element("progress").removeAttribute("value");
  element("stop").hidden = false;
  const asked = { key: key || null, text: draft.text, thing: element("trial-thing").value || null, days: Number(element("days").value) };
  try {
    const found = await runTrial(asked, mine.signal, showProgress);
    if (trial !== mine) return;
    showTrial(found);
    element("outcome").hidden = false;
    element("outcome").classList.remove("stale");
    setText(element("trial-state"), found.span);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (trial !== mine) return;
    setText(element("trial-state"), error.message);
  }
  element("progress").hidden = true;
  element("stop").hidden = true;
  element("again").hidden = false;
  trial = null;
}

function showProgress({ done, things, values }) {
  const bar = element("progress");
  if (things) Object.assign(bar, { max: things, value: done });
  setText(element("trial-state"), filled("trial_running", { done, things, values: number(values, 0) }));
}

function stop() {
  trial?.abort();
  trial = null;
  for (const id of ["progress", "stop"]) element(id).hidden = true;
  element("again").hidden = false;
  setText(element("trial-state"), say("trial_stopped"));
}

// The head, the versions, and what is done

function showState(found) {
  const moved = state !== null && found.version !== state.version;
  state = found;
  setText(element("head-title"), found.title);
  setText(element("said"), found.condition);
  setText(element("severity"), found.severity_name);
  element("severity").className = `severity ${found.severity}`;
  element("head").className = `panel headline ${found.severity}`;
  setText(element("trust"), `${found.limit} · ${found.trust} · ${found.source}`);
  setText(element("standing"), `${filled("rule_fired_times", { count: found.fired })} / ${filled("trial_days_n", { count: 7 })}${found.since_words ? ` · ${filled("rule_since", { at: found.since_words })}` : ""}`);
  setText(element("last"), found.waits ? say("rule_waits_hint") : found.said);
  element("engine-fault").hidden = !found.fault;
  setText(element("engine-fault"), found.fault ? `${say("rule_fault")}: ${found.fault}` : "");
  const shown = [[found.off, "rule_off_mark", "off"], [!found.off && found.changed, "rule_changed_mark", ""], [found.waits, "rule_waits_mark", "bad"]].filter(([is]) => is);
  showRows(element("marks"), shown.map(([, name, kind]) => [name, kind]), ([name, kind]) => h("span", { className: `edit-mark ${kind}` }, say(name)));
  element("versions-panel").hidden = false;
  showRows(element("versions"), found.versions, versionRow, "rule_no_versions");
  element("off").hidden = found.off;
  element("on").hidden = !found.off;
  element("revert").hidden = !found.in_file || !found.has_document;
  element("remove").hidden = found.in_file;
  const meanwhile = found.version > begun;
  element("moved-on").hidden = !edits || !meanwhile;
  if (meanwhile) element("moved-on").replaceChildren(`${filled("rule_moved_on", { who: found.author, version: found.version })} `, h("button", { type: "button", onclick: open }, say("rule_begin_anew")));
  if (moved && meanwhile && edits) soon(); // beside what is in force now
}

function versionRow(one) {
  const row = h("li", {}, h("p", { className: "title" }, `${one.version}. ${one.what}`), h("small", {}, one.by), h("p", {}, one.reason));
  if (!one.document) return row;
  const buttons = edits ? [h("button", { type: "button", onclick: () => take(one.document) }, say("rule_version_take"))] : [];
  row.append(h("details", {}, h("summary", {}, say("rule_version_show")), h("pre", { tabIndex: 0 }, one.document), ...buttons));
  return row;
}

function take(text) {
  for (const name of Object.keys(typed)) delete typed[name];
  element("text").value = text;
  textTyped = true;
  soon();
  element("edit-title").scrollIntoView();
}

async function save(event) {
  event.preventDefault();
  const work = async () => {
    if (Object.keys(typed).length || textTyped || asking) throw new Refused(say("working"), "typing");
    const made = await ask("/rules/@save", { key: key || null, text: element("text").value, reason: element("reason").value, version: begun });
    if (!key) location.assign(`/ops/rules/${made.key}`);
    begun = made.version;
    element("reason").value = "";
    return filled("rule_saved", made);
  };
  if (await working("save-result", work) && key) {
    await look();
    soon();
  }
}

async function act(event) {
  event.preventDefault();
  const what = event.submitter?.value ?? (state.off ? "on" : "off");
  const reason = element("why").value;
  let gone = false;
  const work = async () => {
    const done = await ask(`/rules/${key}/${what === "revert" ? "revert" : "switch"}`, { reason, version: begun, ...(what === "revert" ? {} : { enabled: what === "on" }) });
    begun = done.version;
    gone = done.gone === true;
    if (gone) location.assign("/ops/rules");
    return say(`rule_done_${what}`);
  };
  if (!(await working("act-result", work)) || gone) return;
  element("why").value = "";
  if (what === "revert") await open();
  else await look();
}

async function open() {
  const found = await ask(key ? `/rules/${key}` : `/rules/@new${like ? `?like=${like}` : ""}`);
  setClock(found.generated_at);
  rule = found;
  for (const name of Object.keys(typed)) delete typed[name];
  begun = found.state?.version ?? 0;
  element("text").value = found.text;
  offerTrial();
  showDraft(found);
  if (found.state) showState(found.state);
}

function offerTrial() {
  if (element("trial-thing").options.length) return;
  showRows(element("days"), [1, 7, 30, 90], (count) => h("option", { value: count, selected: count === 7 }, filled("trial_days_n", { count })));
  showRows(element("trial-thing"), [{ id: "", name: say("trial_all") }, ...rule.things], (one) => h("option", { value: one.id }, one.name));
}

const look = keepLooking(
  async () => {
    if (rule === null) await open();
    else if (key) {
      const found = await ask(`/rules/${key}/state`);
      setClock(found.generated_at);
      showState(found.state);
    }
  },
  { everyMs: AGAIN_MS, faultId: "fault" },
);

element("look-only").hidden = edits;
element("trial").hidden = !edits;
element("save").hidden = !edits;
element("actions").hidden = !edits || !key;
element("copy").hidden = !edits;
element("text").readOnly = !edits;
if (key) {
  field("key").readOnly = true;
  element("export").href = `/ops/api/rules/${key}/rule.toml?lang=${language}`;
  element("copy").href = `/ops/rules/@new?like=${key}`;
} else setText(element("head-title"), document.querySelector("h1").textContent);
element("form").addEventListener("input", changed);
element("form").addEventListener("submit", (event) => event.preventDefault());
element("text").addEventListener("input", () => {
  textTyped = true;
  soon();
});
element("days").addEventListener("change", tryIt);
element("trial-thing").addEventListener("change", tryIt);
element("stop").addEventListener("click", stop);
element("again").addEventListener("click", tryIt);
element("save").addEventListener("submit", save);
element("acting").addEventListener("submit", act);
await look();
document.documentElement.dataset.ready = "1";
