// A tap of the map beside all marks: which ward or commune that is, and the way to what is around it, as its search has
// it. Nobody has given us boundaries: it is the one whose centre is nearest, and says so. The place is in no request.

import { h, inLanguage, t } from "./element.js";

export class WardHere {
  // `frame` holds the map and gets the strip; `here` knows the wards and their words.
  constructor(frame, map, here) {
    Object.assign(this, { map, here });
    this.asked = null; // the tap that is answered
    this.unpin = null;
    this.said = h("p", { class: "hidden", role: "status" });
    this.strip = h("section", { class: "ward", "aria-label": here.say("kind_ward"), hidden: true });
    this.strip.addEventListener("keydown", (event) => event.key === "Escape" && this.leave());
    frame.append(this.said, this.strip);
  }

  async show({ lat, lon }) {
    this.close();
    this.asked = [lat, lon];
    this.unpin = this.map.pin(this.asked, h("span", { class: "ward-spot" }));
    const mine = this.asked;
    const ward = await this.here.wardAt({ lat, lon });
    if (this.asked === mine) this.draw(ward);
  }

  // `ward`: null far from all of them, undefined where their list has not come.
  draw(ward) {
    const name = ward ? inLanguage(ward.name) : "";
    const note = ward ? this.here.say("ward_by_centre") : ward === null ? this.here.say("outside") : t("load_failed");
    const way = h("button", { type: "button", class: "way-there", onclick: () => this.take(ward) }, this.here.say("around", { name }));
    this.strip.replaceChildren(
      h("div", { class: "ward-lines" }, ward ? h("strong", {}, name) : null, h("span", { class: "note" }, note), ward ? way : null),
      h("button", { type: "button", class: "close", "aria-label": t("close"), onclick: () => this.leave() }, "✕"));
    this.strip.hidden = false;
    this.said.textContent = [name, note].filter(Boolean).join(". ");
    this.strip.scrollIntoView({ block: "nearest" }); // the map may be longer than what is seen of it
    this.uncover();
  }

  // Moves the map where the strip would hide what was tapped.
  uncover() {
    const { offsetLeft: left, offsetTop: top, offsetWidth: width } = this.strip;
    const { x } = this.map.leaflet.latLngToContainerPoint(this.asked);
    if (x >= left && x <= left + width) this.map.revealPlace(this.asked, this.map.leaflet.getSize().y - top);
  }

  take(ward) {
    this.close();
    this.here.choose(ward);
  }

  // By who was in the strip.
  leave() {
    this.close();
    this.map.leaflet.getContainer().focus({ preventScroll: true });
  }

  close() {
    this.asked = null;
    this.said.textContent = "";
    this.strip.hidden = true;
    if (this.unpin) this.unpin();
    this.unpin = null;
  }
}
