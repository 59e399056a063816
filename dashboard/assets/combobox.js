// A field with a list of what was found: ARIA's combobox. Arrows choose, Enter takes, Escape closes.

// `input` and `list` (a ul) stand in the page, `said` is a status line of screen readers. `find(typed)` → entries;
// `lines(entry)` → what stands in an option; `textOf(entry)` → what stands in the field then; `none`: that nothing was found.
// `coming()` → a promise while what `find` looks through is still on its way: Enter waits for it. → again(), to look again.
export function combobox({ input, list, said, find, lines, textOf, onChoose, none, coming = () => null }) {
  let found = [];
  let at = -1;
  const prefix = list.id;

  function set(element, attributes) {
    for (const name of Object.keys(attributes)) element.setAttribute(name, attributes[name]);
    return element;
  }

  function option(children, attributes) {
    const element = set(document.createElement("li"), Object.assign({ role: "option" }, attributes));
    element.append(...children);
    return element;
  }

  function look() {
    found = find(input.value);
    at = found.length ? 0 : -1;
    const typed = input.value.trim() !== "";
    const options = found.map((entry, index) => {
      const element = option(lines(entry), { id: `${prefix}-${index}` });
      element.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
      element.addEventListener("click", () => take(entry));
      return element;
    });
    const nothing = typed && !found.length;
    list.textContent = "";
    list.append(...(nothing ? [option([none], { "aria-disabled": "true", class: "muted" })] : options));
    list.hidden = !typed;
    said.textContent = nothing ? none : "";
    mark();
  }

  function mark() {
    Array.from(list.children).forEach((each, index) => each.setAttribute("aria-selected", String(index === at)));
    input.setAttribute("aria-expanded", String(!list.hidden));
    const chosen = at >= 0 && !list.hidden ? list.children[at] : null;
    if (!chosen) return input.removeAttribute("aria-activedescendant");
    if (chosen.offsetTop < list.scrollTop || chosen.offsetTop + chosen.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = chosen.offsetTop;
    return input.setAttribute("aria-activedescendant", chosen.id);
  }

  function pressed(event) {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation(); // it closes this list and not what lies below
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && found.length) {
      event.preventDefault();
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length;
      mark();
    } else if (event.key === "Enter" && input.value.trim()) {
      event.preventDefault();
      enter();
    }
  }

  async function enter() {
    const awaited = coming();
    if (awaited) {
      await awaited;
      look();
    }
    if (found[at]) take(found[at]);
  }

  function take(entry) {
    input.value = textOf(entry);
    close();
    onChoose(entry);
  }

  function close() {
    list.hidden = true;
    found = [];
    at = -1;
    mark();
  }

  set(list, { role: "listbox" });
  list.hidden = true;
  set(input, { role: "combobox", "aria-controls": list.id, "aria-expanded": "false", "aria-autocomplete": "list", autocomplete: "off" });
  input.addEventListener("input", look);
  input.addEventListener("keydown", pressed);
  input.addEventListener("blur", close);
  return () => {
    if (!list.hidden) look();
  };
}
