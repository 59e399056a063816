// The page's elements, its language and its texts.

export const settings = JSON.parse(document.getElementById("page-data").textContent);
export const { language } = settings;

export const $ = (id) => document.getElementById(id);

export function t(key) {
  return settings.texts[key] ?? key;
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
