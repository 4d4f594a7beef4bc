// The pop-up of a select: search, one or several values.

import { byId, el } from "./dom.js";
import { ListBox } from "./listbox.js";
import { matching } from "./suggestions.js";

const MARGIN = 8;

/**
 * Let the person choose among `items` ({value, label, note, sign}). `onDone(values)` is called when
 * between `least` and `most` are chosen; leaving with Escape or a click elsewhere changes nothing.
 */
export function openPicker({ anchor, title, items, least, most, chosen = [], onDone }) {
  const values = new Set(chosen.map(String));
  const several = most > 1 || least === 0;
  const search = el("input", {
    class: "field-input", type: "text", role: "combobox", placeholder: "Search",
    "aria-label": `Search: ${title}`, "aria-autocomplete": "list",
  });
  const list = new ListBox(title, pick);
  const problem = el("p", { class: "problem", role: "alert" });
  const done = el("button", { type: "button", class: "button primary", on: { click: finish } }, "Done");
  const panel = el("div", { class: "picker", popover: "auto", role: "dialog", "aria-label": title },
    search, list.node, several ? el("footer", {}, problem, done) : null);

  function show(active = 0) {
    const shown = matching(items, search.value).map((item) => ({ ...item, chosen: values.has(String(item.value)) }));
    list.show(shown, search, active);
    problem.textContent = shown.length ? "" : "Nothing fits.";
    done.textContent = several ? `Done (${values.size})` : "Done";
  }

  function pick(item, index) {
    const value = String(item.value);
    if (!several) {
      values.clear();
      values.add(value);
      return finish();
    }
    if (values.has(value)) values.delete(value);
    else if (values.size < most) values.add(value);
    show(index);
    if (values.size >= most) problem.textContent = `${most} at most.`;
  }

  function finish() {
    if (values.size < least) {
      problem.textContent = `Choose at least ${least}.`;
      return;
    }
    close();
    onDone([...values]);
  }

  function close() {
    panel.hidePopover();
    const again = anchor.isConnected ? anchor : document.querySelector(`[data-custom-id="${CSS.escape(anchor.dataset.customId ?? "")}"]`);
    again?.focus();
  }

  search.addEventListener("input", () => show());
  panel.addEventListener("keydown", (event) => {
    if (event.target === search && list.key(event)) return;
    if (event.key === "Enter" && event.target === search) {
      event.preventDefault();
      list.pick();
    }
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  panel.addEventListener("toggle", (event) => event.newState === "closed" && panel.remove());
  (anchor.closest("dialog") ?? byId("app")).append(panel);
  show();
  panel.showPopover();
  place(panel, anchor);
  search.focus();
}

function place(panel, anchor) {
  const at = anchor.getBoundingClientRect();
  const size = panel.getBoundingClientRect();
  const below = at.bottom + size.height + MARGIN < innerHeight;
  const top = below ? at.bottom + 4 : Math.max(MARGIN, at.top - size.height - 4);
  const left = Math.max(MARGIN, Math.min(at.left, innerWidth - size.width - MARGIN));
  panel.style.setProperty("top", `${top}px`);
  panel.style.setProperty("left", `${left}px`);
}
