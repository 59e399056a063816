// A tile a domain: its worst place or sum, the level by steps, word and colour, the last hours, how fresh it is.

import { path } from "../static/map.js";
import { css } from "../static/tokens.js";
import { h, KeyedList, measured, number, say, setAge, setText } from "./page.js";

const SVG = "http://www.w3.org/2000/svg";
const STATES = ["live", "stale", "fault", "never"];

// `onPlace(thing)` shows a place on the map, `onOnly(domain)` the domain alone.
export function createTiles(parent, { onPlace, onOnly, shapeOf }) {
  const list = new KeyedList(parent, (item) => new TileElement(item, { onPlace, onOnly, shapeOf }));
  return (tiles) => list.show(tiles, (tile) => tile.domain);
}

class TileElement {
  constructor(tile, { onPlace, onOnly, shapeOf }) {
    this.mark = h("canvas", { className: "mark", width: 40, height: 40, "aria-hidden": "true" });
    this.name = h("a", { href: `/ops/domains/${encodeURIComponent(tile.domain)}` });
    this.age = h("time");
    this.value = h("b");
    this.unit = h("span", { className: "unit" });
    this.caption = h("span");
    this.button = h("button", { type: "button", onclick: () => onPlace(this.thing) });
    this.place = h("span");
    this.level = levelElement();
    this.change = h("span");
    this.changeAge = h("time");
    this.counts = h("ul", { className: "counts" });
    this.trend = trendElement();
    this.bar = h("span", { className: "bar", "aria-hidden": "true" }, ...STATES.map((s) => h("i", { className: s })));
    this.fresh = h("span");
    this.feed = h("button", { type: "button", className: "fresh", onclick: () => onOnly(tile.domain) }, this.bar, this.fresh);
    this.element = h(
      "article",
      { className: "tile", "aria-labelledby": `tile-${tile.domain}` },
      h("div", { className: "top" }, this.mark, h("h2", { id: `tile-${tile.domain}` }, this.name), this.age),
      h("p", { className: "value" }, this.value, " ", this.unit),
      this.level.element,
      h("p", { className: "place" }, this.caption, " ", this.button, this.place),
      h("p", { className: "change" }, this.change, " ", this.changeAge),
      this.counts,
      this.trend.element,
      this.feed,
    );
    this.shapeOf = shapeOf;
  }

  update(tile) {
    const { headline } = tile;
    this.element.dataset.state = tile.state;
    this.element.dataset.domain = tile.domain;
    setText(this.name, tile.name);
    setAge(this.age, tile.newest);
    setText(this.value, headline ? number(headline.value, headline.decimals) : "–");
    setText(this.unit, headline?.unit ?? "");
    setText(this.caption, headline?.caption ?? "");
    this.#setPlace(headline);
    this.level.update(tile.level, tile.word);
    setText(this.change, tile.change?.words ?? "");
    this.change.dataset.direction = tile.change?.direction ?? "unknown";
    setAge(this.changeAge, tile.change?.at ?? null);
    this.#setCounts(tile.levels);
    this.trend.update(tile.trend);
    this.#setFreshness(tile.sensors);
    this.feed.setAttribute("aria-pressed", String(tile.only));
    this.feed.title = say("only_this").replace("{name}", tile.name);
    this.#drawMark(tile);
  }

  #setPlace(headline) {
    this.thing = headline?.thing ?? null;
    this.button.hidden = this.thing === null;
    setText(this.button, this.thing === null ? "" : headline.place);
    this.button.title = this.button.textContent;
    setText(this.place, this.thing === null ? headline?.place ?? "" : "");
  }

  #setCounts(levels) {
    const key = JSON.stringify(levels);
    if (this.counts.dataset.key === key) return;
    this.counts.dataset.key = key;
    this.counts.replaceChildren(
      ...levels.map(({ level, count }) => {
        const swatch = h("i", { "aria-hidden": "true" });
        swatch.style.background = level.color;
        return h("li", {}, swatch, `${count} ${level.word}`);
      }),
    );
  }

  #setFreshness(sensors) {
    const total = STATES.reduce((sum, state) => sum + sensors[state], 0);
    STATES.forEach((state, index) => {
      this.bar.children[index].style.flexGrow = sensors[state];
      this.bar.children[index].hidden = !sensors[state];
    });
    const others = STATES.slice(1).filter((state) => sensors[state]);
    const words = [
      `${sensors.live}/${total} ${say("sensors_live")}`,
      ...others.map((state) => `${sensors[state]} ${say(`sensors_${state}`)}`),
    ];
    setText(this.fresh, words.join(" · "));
  }

  #drawMark(tile) {
    const shape = this.shapeOf(tile.domain);
    const color = tile.level?.color ?? css("--mark-grey");
    if (!shape || this.mark.dataset.drawn === shape + color) return;
    this.mark.dataset.drawn = shape + color;
    drawMark(this.mark, shape, color);
  }
}

// The domain's mark as it stands on the map, so that tiles and layers are the map's legend.
export function drawMark(canvas, shape, color) {
  const ctx = canvas.getContext("2d");
  ctx.setTransform(2, 0, 0, 2, canvas.width / 2, canvas.height / 2);
  ctx.clearRect(-20, -20, 40, 40);
  path(ctx, shape, 6.5);
  ctx.fillStyle = color;
  ctx.fill();
  ctx.lineWidth = 1.2;
  ctx.strokeStyle = css("--mark-outline");
  ctx.stroke();
}

// Filled steps out of all, the word, the colour: three ways, so that none has to be seen alone.
function levelElement() {
  const steps = h("span", { className: "steps", "aria-hidden": "true" });
  const word = h("span");
  const element = h("p", { className: "level" }, steps, word);
  return {
    element,
    update(level, text) {
      setText(word, text);
      steps.hidden = level === null;
      if (level === null) return;
      while (steps.children.length !== level.steps) {
        if (steps.children.length < level.steps) steps.append(h("i"));
        else steps.lastChild.remove();
      }
      [...steps.children].forEach((step, index) => {
        step.style.background = index <= level.step ? level.color : "transparent";
      });
    },
  };
}

function trendElement() {
  const make = (name, attributes) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const area = make("path", { class: "area" });
  const line = make("path", { class: "line" });
  const svg = make("svg", { viewBox: "0 -1 100 32", preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.append(area, line);
  const words = h("figcaption");
  return {
    element: h("figure", { className: "trend" }, svg, words),
    update(trend) {
      area.setAttribute("d", trend?.area ?? "");
      line.setAttribute("d", trend?.line ?? "");
      setText(words, trend ? `${range(trend)} · ${trend.caption}` : say("no_trend"));
    },
  };
}

function range({ lowest, highest, decimals, unit }) {
  const [low, high] = [number(lowest, decimals), measured(highest, decimals, unit)];
  return low === number(highest, decimals) ? high : `${low} – ${high}`;
}
