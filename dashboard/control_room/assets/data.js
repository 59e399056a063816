// The data itself: tables that are asked for again now and then.

import { calm, clockTime, filled, growOld, h, language, learnWords, measured, number, say, setAge, setClock, setText, thingLink } from "./page.js";

const AGAIN_MS = 60_000;
const element = (id) => document.getElementById(id);
learnWords(element("words"));

const percent = (share) => `${number(Math.floor(share * 1000) / 10, 1)} %`; // 99.96 % is not everything
const cell = (...content) => h("td", {}, ...content);
const numeric = (...content) => h("td", { className: "number" }, ...content);
const head = (...content) => h("th", { scope: "row" }, ...content);
const size = (bytes) => (bytes < 1e6 ? `${number(bytes / 1e3, 0)} kB` : bytes < 1e9 ? `${number(bytes / 1e6, 1)} MB` : `${number(bytes / 1e9, 2)} GB`);
const signed = (item, value) => `${value > 0 ? "+" : ""}${measured(value, Math.min(item.decimals + 1, 3), item.unit)}`;

function when(iso) {
  const shown = h("time");
  setAge(shown, iso);
  return shown;
}

// Rows in the order that they came in, or one that says why there is none. A phone has the head of its column before each cell.
function show(id, items, toCells, nothing) {
  const heads = [...element(id).parentElement.querySelectorAll("thead th")].map((head) => head.textContent);
  const rows = items.map((item) => h("tr", {}, ...toCells(item)));
  for (const row of rows) [...row.cells].forEach((cell, n) => (cell.dataset.label = heads[n]));
  if (!rows.length) rows.push(h("tr", {}, h("td", { colSpan: heads.length, className: "muted" }, say(nothing))));
  element(id).replaceChildren(...rows);
}

const span = (one) =>
  cell(filled("keeps", { length: one.kept }), h("small", {}, one.from ? filled("from_day", { day: one.from }) : "–"));

function showStorage(found) {
  const policy = element("policy");
  policy.hidden = found.has_policy && !found.policy_fault;
  policy.classList.toggle("bad", Boolean(found.policy_fault));
  if (found.policy_fault) policy.replaceChildren(say("policy_refused"), h("span", { lang: "en" }, found.policy_fault));
  else setText(policy, say("no_policy"));
  show("kept", found.kept, (one) => [head(one.name), numeric(number(one.values, 0)), span(one.raw), span(one.hourly), span(one.daily)]);
  const words = [filled("edition", { edition: found.edition })];
  if (found.edition !== "community") words.push(say("no_compression"));
  setText(element("edition"), words.join(" "));
  show("disk", found.disk, (one) => [
    head(one.name), numeric(size(one.bytes)), numeric(number(one.chunks, 0)), numeric(number(one.compressed, 0)),
  ]);
  show("jobs", found.jobs, (one) => [head(one.name), cell(...job(one))]);
}

function job(one) {
  if (!one.at) return [say("never_ran")];
  const notes = [];
  if (one.deleted !== null) notes.push(filled("job_deleted", { rows: number(one.deleted, 0) }));
  if (one.kept) notes.push(filled("job_kept", { rows: number(one.kept, 0) }));
  return [when(one.at), h("small", {}, notes.join(" · "))];
}

function showFacts(found) {
  const shares = found.complete.map((one) =>
    h("li", {}, `${one.name} `, h("b", {}, percent(one.share)), one.silent ? ` · ${filled("silent", { count: number(one.silent, 0) })}` : ""),
  );
  element("complete").replaceChildren(...shares);
  show(
    "incomplete",
    found.incomplete,
    (one) => [
      head(thingLink(one.thing, one.place)), cell(one.property), numeric(percent(one.share)), numeric(`${number(one.received, 0)} / ${number(one.expected, 0)}`),
      numeric(`${number(one.suspect, 0)} / ${number(one.fail, 0)}`),
    ],
    found.complete.length ? "all_complete" : "no_day",
  );
  const value = (one) => numeric(measured(one.result, one.decimals, one.unit));
  show("stuck", found.stuck, (one) => [head(thingLink(one.thing, one.place)), cell(one.property), value(one), cell(clockTime(one.since), h("small", {}, when(one.since)))], "no_stuck");
  show(
    "drifting",
    found.drifting,
    (one) => [head(thingLink(one.thing, one.place)), cell(one.property), numeric(signed(one, one.difference)), numeric(signed(one, one.per_day))],
    "no_drift",
  );
  show("skewed", found.skewed, (one) => [head(thingLink(one.thing, one.place)), cell(one.by), cell(when(one.measured_at))], "no_skew");
}

async function ask() {
  const answer = await fetch(`/ops/api/data?lang=${language}`).catch(() => null);
  if (answer?.status === 401) location.assign("/ops/login");
  const found = await answer?.json().catch(() => null);
  await calm();
  return answer?.ok && found ? found : { error: found?.error ?? say("refused_server") };
}

async function look() {
  const found = await ask();
  element("fault").hidden = !found.error;
  if (found.error) {
    setText(element("fault"), found.error);
    document.documentElement.dataset.link = "gone";
  } else {
    setClock(found.generated_at);
    showStorage(found);
    showFacts(found);
    document.documentElement.removeAttribute("data-link");
  }
  setTimeout(look, found.error ? 5_000 : AGAIN_MS);
}

setInterval(growOld, 1_000);
await look();
document.documentElement.dataset.ready = "1";
