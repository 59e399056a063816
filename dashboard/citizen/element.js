// The page's elements, its language and its texts.

export const settings = JSON.parse(document.getElementById("page-data").textContent);
export const { language } = settings;

// The value, or another where there is none: 0 and "" are values.
export const orElse = (value, other) => (value === undefined || value === null ? other : value);

export const $ = (id) => document.getElementById(id);

export function t(key) {
  return orElse(settings.texts[key], key);
}

// A line beside a property's value, where its name can't say enough.
export const remarkOn = (property) => settings.texts[`remark_${property}`];

// h("li", {class: "alert"}, "text", child, …): text is always text, never HTML.
export function h(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const inLanguage = (text) => text[language];
export const nameOf = (feature) => feature.properties[`name_${language}`];
export const labelOf = (feature) => feature.properties[`label_${language}`];

// What the focused element says of itself under `data-<name>`, if it does.
export const focusedOn = (name) => document.activeElement && document.activeElement.dataset && document.activeElement.dataset[name];

// Browsers of 2018 lack it.
if (!Element.prototype.replaceChildren) {
  Element.prototype.replaceChildren = function replaceChildren(...children) {
    while (this.lastChild) this.lastChild.remove();
    this.append(...children);
  };
}
