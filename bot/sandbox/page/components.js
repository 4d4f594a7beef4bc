// Rows of buttons and selects under a message.

import { press } from "./actions.js";
import { el } from "./dom.js";
import { openPicker } from "./picker.js";
import { state } from "./state.js";
import { choicesOf } from "./suggestions.js";

const BUTTON = 2;
const LINK = 5;
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

/** The action rows of a message. */
export function rowNodes(message) {
  return message.components.map((row) => el("div", { class: "row", role: "group" },
    row.components.map((part) => (part.type === BUTTON ? buttonNode(message, part) : selectNode(message, part)))));
}

function face(part) {
  const emoji = part.emoji ? (part.emoji.id ? `:${part.emoji.name}:` : part.emoji.name) : null;
  return [emoji ? el("span", { class: "emoji" }, emoji) : null, part.label ? el("span", { dir: "auto" }, part.label) : null];
}

function buttonNode(message, part) {
  const look = `button ${STYLES[part.style] ?? "secondary"}`;
  if (part.style === LINK) {
    const safe = /^https?:/.test(part.url) ? part.url : null;
    return el("a", { class: look, href: safe, target: "_blank", rel: "noopener noreferrer nofollow" }, face(part), " ↗");
  }
  const busy = state.busy.has(`${message.id} ${part.custom_id}`);
  return el("button", {
    type: "button",
    class: look,
    disabled: part.disabled,
    "aria-busy": busy ? "true" : null,
    data: { customId: part.custom_id },
    on: { click: () => press(message.id, part.custom_id) },
  }, face(part), busy ? el("span", { class: "dots", "aria-label": "waiting" }, "…") : null);
}

function selectNode(message, part) {
  const preset = (part.options ?? []).filter((option) => option.default);
  const text = preset.map((option) => option.label).join(", ") || part.placeholder || "Make a selection";
  const busy = state.busy.has(`${message.id} ${part.custom_id}`);
  const node = el("button", {
    type: "button",
    class: "select",
    disabled: part.disabled,
    "aria-haspopup": "listbox",
    "aria-busy": busy ? "true" : null,
    data: { customId: part.custom_id },
    on: { click: () => choose(node, message, part) },
  }, el("span", { class: "select-text", dir: "auto" }, text), el("span", { "aria-hidden": "true" }, busy ? "…" : "▾"));
  return node;
}

function choose(anchor, message, part) {
  openPicker({
    anchor,
    title: part.placeholder || "Make a selection",
    items: choicesOf(part),
    least: part.min_values ?? 1,
    most: part.max_values ?? 1,
    chosen: (part.options ?? []).filter((option) => option.default).map((option) => option.value),
    onDone: (values) => press(message.id, part.custom_id, values),
  });
}
