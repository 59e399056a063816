// All alert rules: the noisiest first, found by words, and which of them were changed here.

import { plain } from "../static/plain.js";
import { ask, element, keepLooking, showTable } from "./asking.js";
import { filled, h, learnWords, say, setClock, setText } from "./page.js";

const AGAIN_MS = 10_000;
learnWords(element("words"));

let rules = [];

// What a rule is marked with: each a word, none by colour alone.
export function marks(rule) {
  const found = [];
  if (rule.off) found.push(h("span", { className: "edit-mark off" }, say("rule_off_mark")));
  else if (rule.changed) found.push(h("span", { className: "edit-mark" }, say("rule_changed_mark")));
  if (rule.waits) found.push(h("span", { className: "edit-mark bad", title: say("rule_waits_hint") }, say("rule_waits_mark")));
  return found;
}

function cells(rule) {
  const name = h("td", {},
    h("a", { href: `/ops/rules/${rule.key}`, className: "title" }, rule.title), " ", ...marks(rule),
    h("small", {}, h("span", { className: `severity ${rule.severity}` }, rule.severity_name), ` · ${rule.domain_name} · `, h("code", {}, rule.key)));
  if (rule.said) name.append(h("small", {}, rule.said));
  if (rule.fault) name.append(h("small", { className: "bad" }, `${say("rule_fault")}: `, h("span", { lang: "en" }, rule.fault)));
  const limit = h("td", { className: "number" }, rule.limit, h("small", { className: rule.suggestion ? "doubt" : "", title: rule.basis }, rule.trust));
  const fired = h("td", { className: "number" }, filled("rule_fired_times", { count: rule.fired }));
  if (rule.last_words) fired.append(h("small", {}, filled("rule_fired_last", { at: rule.last_words })));
  return [name, h("td", {}, rule.condition), limit, fired, h("td", {}, rule.source)];
}

function show() {
  const wanted = plain(element("find").value);
  const changed = element("changed").checked;
  const found = rules.filter((rule) => (!changed || rule.changed || rule.off)
    && plain(`${rule.title} ${rule.key} ${rule.domain_name} ${rule.condition}`).includes(wanted));
  setText(element("count"), filled("rules_shown", { count: found.length }));
  showTable(element("rows"), found, cells, "rules_none");
}

const look = keepLooking(
  async () => {
    const found = await ask("/rules");
    setClock(found.generated_at);
    rules = found.rules;
    element("broken").hidden = !found.faults.length;
    setText(element("broken"), found.faults.length ? filled("rules_broken", { count: found.faults.length }) : "");
    element("unruled").hidden = found.ruled;
    show();
  },
  { everyMs: AGAIN_MS, faultId: "fault" },
);

element("new").hidden = element("words").dataset.mayEdit !== "1";
element("find").addEventListener("input", show);
element("changed").addEventListener("change", show);
await look();
document.documentElement.dataset.ready = "1";
