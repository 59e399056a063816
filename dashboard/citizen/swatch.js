// A small mark beside a word: the same shape, colour and outline as on the map. The shapes stand in the page (citizen/marks.py).

const NS = "http://www.w3.org/2000/svg";

// Without a colour it has the one of its surroundings.
export function swatch(shape, color, { dashed = false, faint = false } = {}) {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("class", `swatch${dashed ? " dashed" : ""}${faint ? " faint" : ""}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(NS, "use");
  use.setAttribute("href", `#s-${shape}`);
  svg.append(use);
  paint(svg, color);
  return svg;
}

export function paint(svg, color) {
  const use = svg.firstElementChild;
  if (color && use.getAttribute("fill") !== color) use.setAttribute("fill", color);
}
