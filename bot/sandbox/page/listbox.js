// A list to choose from with arrows, Enter or a click, while the focus stays in an input.

import { el } from "./dom.js";

let made = 0;

export class ListBox {
  /** `onPick(item)` is called with the chosen item: {label, note, sign, chosen}. */
  constructor(label, onPick) {
    made += 1;
    this.node = el("ul", { class: "listbox", role: "listbox", id: `list-${made}`, "aria-label": label });
    this.node.addEventListener("mousedown", (event) => event.preventDefault()); // the input keeps the focus
    this.onPick = onPick;
    this.items = [];
    this.active = -1;
    this.input = null;
  }

  /** Show items for an input; the first one is active, or the one at `active`. */
  show(items, input, active = 0) {
    this.items = items;
    this.input = input;
    this.node.replaceChildren(...items.map((item, index) => this.row(item, index)));
    this.activate(items.length ? Math.min(active, items.length - 1) : -1);
    input?.setAttribute("aria-controls", this.node.id);
    input?.setAttribute("aria-expanded", String(items.length > 0));
  }

  row(item, index) {
    return el("li", {
      role: "option",
      id: `${this.node.id}-${index}`,
      "aria-selected": String(Boolean(item.chosen)),
      on: {
        click: () => this.pick(index),
        mousemove: () => this.active === index || this.activate(index, false),
      },
    },
    item.sign ? el("span", { class: "sign", "aria-hidden": "true" }, item.sign) : null,
    el("span", { class: "item-label", dir: "auto" }, item.label),
    item.note ? el("span", { class: "item-note", dir: "auto" }, item.note) : null);
  }

  activate(index, scroll = true) {
    this.node.children[this.active]?.classList.remove("active");
    this.active = index;
    const row = this.node.children[index];
    row?.classList.add("active");
    if (row && scroll) row.scrollIntoView({ block: "nearest" });
    if (row) this.input?.setAttribute("aria-activedescendant", row.id);
    else this.input?.removeAttribute("aria-activedescendant");
  }

  pick(index = this.active) {
    if (this.items[index]) this.onPick(this.items[index], index);
  }

  /** Handle arrows, Home and End; true when the key was for the list. */
  key(event) {
    const last = this.items.length - 1;
    if (last < 0) return false;
    const steps = {
      ArrowDown: this.active >= last ? 0 : this.active + 1,
      ArrowUp: this.active <= 0 ? last : this.active - 1,
      PageDown: Math.min(this.active + 6, last),
      PageUp: Math.max(this.active - 6, 0),
    };
    if (!(event.key in steps)) return false;
    event.preventDefault();
    this.activate(steps[event.key]);
    return true;
  }
}
