// The colours of tokens.css for what is drawn on a canvas. Read once: a map asks for them thousands of times.

const known = new Map();
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => known.clear());

export function css(name) {
  if (!known.has(name)) known.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  return known.get(name);
}

export function onSchemeChange(redraw) {
  dark.addEventListener("change", redraw);
}
