// Discord's markdown as DOM nodes. Nothing here ever becomes markup: unknown signs stay text.

import { el } from "./dom.js";
import { findChannel, findPerson, findRole, nameOf, state } from "./state.js";
import { timeElement } from "./times.js";

const DEEPEST = 12;
const PLAIN = /[^\\`*_~|<@[h]+/y;

// Each rule: a sticky pattern and what its match becomes; null means "just text".
const RULES = [
  [/\\([^0-9A-Za-z\s])/y, (m) => m[1]],
  [/(`+)([\s\S]*?[^`])\1(?!`)/y, (m) => el("code", {}, m[2])],
  [/\[((?:\\.|[^[\]\\])*)\]\(<?(https?:\/\/[^\s)>]+)>?\)/y, (m, c) => link(m[2], inline(m[1], c))],
  [/<(https?:\/\/[^\s>]+)>/y, (m) => link(m[1], [m[1]])],
  [/https?:\/\/[^\s<]*[^\s<.,:;"')\]]/y, (m) => link(m[0], [m[0]])],
  [/<t:(-?\d{1,13})(?::([tTdDfFR]))?>/y, (m) => timeElement(Number(m[1]), m[2] ?? "f")],
  [/<@!?(\d+)>/y, (m, c) => userPill(m[1], c)],
  [/<@&(\d+)>/y, (m, c) => rolePill(m[1], c)],
  [/<#(\d+)>/y, (m) => channelPill(m[1])],
  [/<\/([^:>\n]{1,100}):\d+>/y, (m) => el("span", { class: "pill" }, `/${m[1]}`)],
  [/<a?:(\w{2,32}):\d+>/y, (m) => `:${m[1]}:`],
  [/@(everyone|here)/y, (m, c) => (c.pings?.everyone ? pill(m[0], true) : null)],
  [/\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/y, (m, c) => el("strong", {}, inline(m[1], c))],
  [/__((?:\\[\s\S]|[^\\])+?)__(?!_)/y, (m, c) => el("u", {}, inline(m[1], c))],
  [/\*(?=\S)((?:\\[\s\S]|\*\*|[^*\\])+?)\*(?!\*)/y, (m, c) => el("em", {}, inline(m[1], c))],
  [/_((?:\\[\s\S]|__|[^_\\])+?)_(?!\w)/y, (m, c) => el("em", {}, inline(m[1], c))],
  [/~~((?:\\[\s\S]|[^\\])+?)~~/y, (m, c) => el("s", {}, inline(m[1], c))],
  [/\|\|((?:\\[\s\S]|[^\\])+?)\|\|/y, (m, c) => spoiler(inline(m[1], c))],
];

function link(href, content) {
  return el("a", { href, target: "_blank", rel: "noopener noreferrer nofollow", title: href }, content);
}

function spoiler(content) {
  const node = el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Spoiler" }, content);
  const show = () => node.classList.add("shown");
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => event.key === "Enter" && show());
  return node;
}

const pill = (text, mine) => el("span", { class: mine ? "pill mine" : "pill" }, text);

function userPill(id, { pings }) {
  const person = findPerson(id);
  const mine = id === state.me && Boolean(pings?.users.includes(id));
  return pill(`@${person ? nameOf(person) : "unknown-user"}`, mine);
}

function rolePill(id, { pings, myRoles }) {
  const mine = Boolean(pings?.roles.includes(id) && myRoles?.includes(id));
  return pill(`@${findRole(id)?.name ?? "unknown-role"}`, mine);
}

function channelPill(id) {
  const channel = findChannel(id);
  if (!channel) return pill("#unknown", false);
  const attributes = { type: "button", class: "pill", data: { goto: id } };
  return el("button", attributes, `#${channel.name}`);
}

/** Text within a line: the nodes and strings it becomes. `context` is {pings, myRoles} of the message. */
export function inline(text, context) {
  const deeper = { ...context, depth: (context.depth ?? 0) + 1 };
  if (deeper.depth > DEEPEST) return [text];
  const found = [];
  let at = 0;
  while (at < text.length) {
    const [length, node] = next(text, at, deeper);
    at += length;
    if (typeof node === "string" && typeof found.at(-1) === "string") found.push(found.pop() + node);
    else found.push(node);
  }
  return found;
}

function next(text, at, context) {
  PLAIN.lastIndex = at;
  const run = PLAIN.exec(text);
  if (run) return [run[0].length, run[0]];
  for (const [pattern, make] of RULES) {
    // Inside a word an underscore is a letter: some_role_name.
    if (text[at] === "_" && /\w/.test(text[at - 1] ?? "")) break;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const node = match && make(match, context);
    if (node !== null && node !== undefined) return [match[0].length, node];
  }
  return [1, text[at]];
}

const FENCE = /```(?:([\w+-]+)\n)?\n*([\s\S]*?)\n*```/g;

/** A whole text with blocks: code, quotes, headings, subtext, lists. */
export function markdown(text, context = {}) {
  const found = [];
  let at = 0;
  for (const match of text.matchAll(FENCE)) {
    if (!match[2]) continue;
    found.push(...lines(text.slice(at, match.index).replace(/\n$/, ""), context));
    found.push(el("pre", { tabindex: "0" }, el("code", {}, match[2])));
    at = match.index + match[0].length;
  }
  const rest = at ? text.slice(at).replace(/^\n/, "") : text;
  return [...found, ...lines(rest, context)];
}

const LINE_KINDS = [
  [/^(#{1,3}) +(.+)$/, (m, c) => el("p", { class: `heading h${m[1].length}`, role: "heading", "aria-level": 3 }, inline(m[2], c))],
  [/^-# +(.+)$/, (m, c) => el("p", { class: "subtext" }, inline(m[1], c))],
  [/^( *)[-*] +(.+)$/, (m, c) => el("p", { class: m[1] ? "item deep" : "item" }, inline(m[2], c))],
  [/^( *)(\d{1,6}\.) +(.+)$/, (m, c) => el("p", { class: "item numbered", data: { number: m[2] } }, inline(m[3], c))],
];

function lines(text, context) {
  if (!text) return [];
  const found = [];
  const all = text.split("\n");
  const pending = [];
  const flush = () => {
    if (pending.length) found.push(el("p", {}, inline(pending.splice(0).join("\n"), context)));
  };
  for (let i = 0; i < all.length; i += 1) {
    if (/^>(>>)? /.test(all[i])) {
      flush();
      const quoted = all[i].startsWith(">>> ") ? [all[i].slice(4), ...all.splice(i + 1)] : [all[i].slice(2)];
      while (/^> /.test(all[i + 1] ?? "")) quoted.push(all[++i].slice(2));
      found.push(el("blockquote", {}, lines(quoted.join("\n"), context)));
      continue;
    }
    const block = LINE_KINDS.map(([pattern, make]) => [all[i].match(pattern), make]).find(([m]) => m);
    if (!block) {
      pending.push(all[i]);
      continue;
    }
    flush();
    found.push(block[1](block[0], context));
  }
  flush();
  return found;
}
