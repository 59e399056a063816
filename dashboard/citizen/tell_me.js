// The form to be told of a place: by this browser where it can take messages, else why not; by mail; loaded when wanted.
// What this browser asked for is known to it alone, by tokens (localStorage); the server keeps their hashes.

import { h, inLanguage, language, settings } from "./element.js";
import { fetchJson } from "./history.js";

const API = "/api/v1/subscriptions";
const KEPT = "told"; // thing → [{value, token}]
let words = null;

export async function tellMe(box, feature, offer) {
  const [told, channels] = await Promise.all([words || fetchJson(`${settings.assets}/citizen/tell-me-${language}.json`), fetchJson(API)]);
  words = told;
  new Form(box, feature, offer, channels).draw();
}

const say = (key) => words[key];

class Form {
  constructor(box, feature, offer, channels) {
    Object.assign(this, { box, feature, offer, channels });
  }

  draw() {
    const [first] = this.offer.at_least;
    this.said = h("p", { role: "status", class: "said" });
    this.have = h("ul", { class: "have" });
    const choice = ({ value, label }) => h("label", { class: "choice" },
      h("input", { type: "radio", name: "at-least", value, checked: value === first.value }), ` ${inLanguage(label)}`);
    this.form = h("form", { onsubmit: (event) => this.mail(event) },
      h("fieldset", {}, h("legend", {}, say("title")), ...this.offer.at_least.map(choice)),
      ...this.ways(), this.said, h("p", { class: "note" }, say("kept")));
    this.box.replaceChildren(this.form, this.have);
    this.drawHave();
    this.form.querySelector("input").focus();
  }

  ways() {
    const why = whyNoPush(this.channels);
    const mail = this.channels.email ? [
      h("label", {}, say(why ? "email_only" : "email"), h("input", { type: "email", name: "email", required: true, maxlength: 254, autocomplete: "email" })),
      h("button", { type: "submit" }, say("email_send"))] : [h("p", { class: "note" }, say("email_not_here"))];
    return [
      why ? h("p", { class: "why-not" }, say(why)) : h("button", { type: "button", class: "primary push", onclick: () => this.push() }, say("push")),
      ...mail,
      this.channels.zalo_url ? h("p", {}, h("a", { href: this.channels.zalo_url, rel: "noopener" }, say("zalo"))) : null,
    ].filter(Boolean);
  }

  chosen() {
    return Number(this.form.querySelector("input[name=at-least]:checked").value);
  }

  async push() {
    try {
      if (await Notification.requestPermission() !== "granted") return this.tell("push_denied");
      const value = this.chosen();
      const { endpoint, keys } = (await subscribed(this.channels.push_key)).toJSON();
      const answer = await this.ask({ channel: "push", push: { endpoint, keys }, at_least: value });
      if (!answer) return undefined;
      keep(this.feature.id, [...kept(this.feature.id).filter((one) => one.value !== value), { value, token: answer.token }]);
      this.drawHave();
      return this.tell("push_done");
    } catch (error) {
      console.warn(error.message);
      return this.tell("push_failed");
    }
  }

  async mail(event) {
    event.preventDefault();
    const field = this.form.querySelector("input[name=email]");
    if (!field) return;
    try {
      const answer = await this.ask({ channel: "email", email: field.value, at_least: this.chosen() });
      if (answer) this.tell("email_done");
    } catch (error) {
      console.warn(error.message);
      this.tell("failed");
    }
  }

  // The answer, or undefined when it was refused, which is then said.
  async ask(asked) {
    const body = JSON.stringify({ thing: this.feature.id, language, ...asked });
    const answer = await fetch(API, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (answer.ok) return answer.json();
    const wrong = answer.status === 422 ? (await answer.json()).errors.map((one) => one.parameter) : [];
    this.tell(answer.status === 429 ? "limited" : wrong.includes("email") ? "email_wrong" : "failed");
    return undefined;
  }

  tell(key) {
    this.said.textContent = say(key);
  }

  drawHave() {
    const labels = new Map(this.offer.at_least.map(({ value, label }) => [value, inLanguage(label)]));
    const mine = kept(this.feature.id);
    this.have.hidden = mine.length === 0;
    this.have.replaceChildren(...mine.map((one) => h("li", {}, `${say("have")}: ${labels.get(one.value) || one.value} `,
      h("button", { type: "button", onclick: () => this.end(one) }, say("end")))));
  }

  async end({ value, token }) {
    const answer = await fetch(`${API}/${token}`, { method: "DELETE" }).catch(() => null);
    if (!answer || !(answer.ok || answer.status === 404)) return this.tell("failed");
    keep(this.feature.id, kept(this.feature.id).filter((one) => one.value !== value));
    this.drawHave();
    return this.tell("ended");
  }
}

// The key of what is in the way; null: nothing is.
function whyNoPush({ push_key: key }) {
  if (!key) return "push_not_here";
  if (!window.isSecureContext) return "push_insecure";
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    return /iPhone|iPad/.test(navigator.userAgent) && !navigator.standalone ? "push_iphone" : "push_unsupported";
  }
  return Notification.permission === "denied" ? "push_denied" : null;
}

// The browser's subscription under our key; one under another key is of no use any more.
async function subscribed(key) {
  await navigator.serviceWorker.register("/worker.js", { scope: "/" });
  const { pushManager } = await navigator.serviceWorker.ready;
  const wanted = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  const before = await pushManager.getSubscription();
  if (before && String(new Uint8Array(before.options.applicationServerKey)) !== String(wanted.applicationServerKey)) await before.unsubscribe();
  return pushManager.subscribe(wanted);
}

function bytes(base64url) {
  const plain = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

function all() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) || {};
  } catch (error) {
    return {};
  }
}

const kept = (thing) => all()[thing] || [];

function keep(thing, mine) {
  const rest = { ...all(), [thing]: mine };
  if (!mine.length) delete rest[thing];
  try {
    localStorage.setItem(KEPT, JSON.stringify(rest));
  } catch (error) {
    console.warn(error.message); // a private window: the links in messages end it as well
  }
}
