// Small helpers for building the page out of nodes. Text only ever becomes a text node.

/** An element. `props`: class, data (dataset), on (listeners), or any attribute; null is left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on") for (const [k, f] of Object.entries(value)) node.addEventListener(k, f);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined));
  return node;
}

/** The element of index.html with this id. */
export const byId = (id) => document.getElementById(id);

const lastBuilt = new WeakMap();

/** Rebuild a container when `key` differs from last time; the focus stays on the same thing. */
export function rebuild(container, key, build) {
  if (lastBuilt.get(container) === key) return;
  lastBuilt.set(container, key);
  const focused = container.contains(document.activeElement) ? focusKey(document.activeElement) : null;
  container.replaceChildren(...build());
  if (focused) restoreFocus(container, focused);
}

function focusKey(node) {
  const { key, customId } = node.dataset;
  if (customId) return `[data-custom-id="${CSS.escape(customId)}"]`;
  return key ? `[data-key="${CSS.escape(key)}"]` : null;
}

/** Replace a node by a newer version of itself without losing the focus inside it. */
export function swap(old, fresh) {
  const focused = old.contains(document.activeElement) ? focusKey(document.activeElement) : null;
  old.replaceWith(fresh);
  if (focused) restoreFocus(fresh, focused);
}

function restoreFocus(root, selector) {
  const target = root.querySelector(selector);
  if (target) target.focus({ preventScroll: true });
}

/** A round picture made of a name's initials. */
export function avatar(name, { bot = false, square = false } = {}) {
  const words = name.replace(/[^\p{L}\p{N} ]/gu, "").split(" ").filter(Boolean);
  const initials = words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("") || "?";
  const shape = `avatar${square ? " square" : ""}${bot ? " bot" : ""}`;
  const node = el("span", { class: shape, "aria-hidden": "true" }, initials);
  node.style.setProperty("--hue", String(hue(name)));
  return node;
}

function hue(text) {
  let sum = 7;
  for (const sign of text) sum = (sum * 31 + sign.codePointAt(0)) % 3600;
  return sum % 360;
}

/** Say something to screen readers without moving the focus. */
export function announce(text) {
  const line = el("p", {}, text.slice(0, 600));
  byId("announcer").append(line);
  setTimeout(() => line.remove(), 10_000);
}
