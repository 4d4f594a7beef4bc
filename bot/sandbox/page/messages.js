// The message list of the current channel.

import { rowNodes } from "./components.js";
import { announce, avatar, byId, el, swap } from "./dom.js";
import { embedNode, fileNode } from "./embeds.js";
import { markdown } from "./markdown.js";
import { byAge, currentChannel, currentGuild, dismiss, findChannel, findPerson, nameOf, pingsMe, state, theBot } from "./state.js";
import { dayOf, messageTime } from "./times.js";

const TOGETHER = 7 * 60_000; // messages of one author within this time (ms) share a header
const PEEK = 90; // characters of an answer shown over the list when it is out of sight
const NEAR = 80; // pixels from the end that still count as reading the newest
const shown = new Map(); // message id -> {node, signature}
let shownChannel = null;

/** Bring the list up to date, touching only messages that look different now. */
export function renderMessages() {
  const channel = currentChannel();
  const scroll = byId("scroll");
  const list = byId("messages");
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
  const moved = shownChannel !== (channel?.id ?? null);
  if (moved) {
    shown.clear();
    list.replaceChildren();
    shownChannel = channel?.id ?? null;
  }
  const entries = channel ? collect(channel) : [];
  place(list, entries);
  if (moved || atEnd || state.toEnd) scroll.scrollTop = scroll.scrollHeight;
  state.toEnd = false;
  showJump();
}

/** Show the way down when the newest message is out of sight. */
export function showJump() {
  const scroll = byId("scroll");
  const away = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight;
  if (away < NEAR) state.peek = "";
  const button = byId("to-newest");
  button.hidden = away < (state.peek ? NEAR : NEAR * 3);
  const words = state.peek ? `${state.peek} ↓` : "Newer messages ↓";
  if (button.textContent !== words) button.textContent = words;
}

// {id, signature, build} of everything in the list, from top to bottom.
function collect(channel) {
  const names = namesKey();
  const kept = [...(state.channels.get(channel.id)?.values() ?? [])]
    .filter((message) => !state.dismissed.has(message.id))
    .sort(byAge);
  const entries = [{ id: "start", signature: `${channel.name}${kept.length === 0}`, build: () => startNode(channel) }];
  let before = null;
  for (const message of kept) {
    const day = dayOf(message.timestamp);
    const newDay = before === null || dayOf(before.timestamp) !== day;
    if (newDay) entries.push({ id: `day ${day}`, signature: day, build: () => el("li", { class: "day" }, day) });
    const follows = !newDay && continues(before, message);
    const busy = [...state.busy].filter((key) => key.startsWith(`${message.id} `));
    const failure = state.failures.get(message.id) ?? "";
    const signature = JSON.stringify([message, follows, busy, failure, names]);
    entries.push({ id: message.id, signature, build: () => messageNode(message, follows, failure) });
    before = message;
  }
  for (const notice of state.notices.filter((one) => one.channelId === channel.id)) {
    entries.push({ id: notice.id, signature: JSON.stringify(notice), build: () => noticeNode(notice) });
  }
  return entries;
}

// Everything that mentions resolve to: when a name changes, the pills must too.
function namesKey() {
  const guild = currentGuild();
  const named = [state.world.people, guild?.roles, guild?.members, guild?.channels].flat().filter(Boolean);
  return named.map((one) => one.nick || one.display_name || one.name).join("\n");
}

function continues(before, message) {
  const gap = new Date(message.timestamp) - new Date(before.timestamp);
  return before.author.id === message.author.id && !message.answers && !message.reply_to
    && gap < TOGETHER && before.ephemeral === message.ephemeral && !before.thread;
}

function place(list, entries) {
  const wanted = new Set(entries.map((entry) => entry.id));
  for (const [id, { node }] of shown) {
    if (wanted.has(id)) continue;
    node.remove();
    shown.delete(id);
  }
  entries.forEach((entry, index) => {
    let known = shown.get(entry.id);
    if (known?.signature !== entry.signature) {
      const node = entry.build();
      if (known) swap(known.node, node);
      known = { node, signature: entry.signature };
      shown.set(entry.id, known);
    }
    if (list.children[index] !== known.node) list.insertBefore(known.node, list.children[index] ?? null);
  });
}

function startNode(channel) {
  const isDm = channel.kind === "dm";
  const words = isDm
    ? `This is where ${channel.name} and you talk in private.`
    : `This is the beginning of ${channel.parent_id && channel.kind.includes("thread") ? "the thread" : ""} #${channel.name}.`;
  return el("li", { class: "start" }, el("h2", {}, isDm ? channel.name : `# ${channel.name}`),
    el("p", {}, words), el("p", {}, "Type / below to see what you can do here."));
}

function messageNode(message, follows, failure) {
  const author = findPerson(message.author.id) ?? message.author;
  const mine = pingsMe(message);
  const classes = ["message", message.ephemeral && "ephemeral", mine && "pings-me", follows && "follows"];
  return el("li", { class: classes.filter(Boolean).join(" "), data: { messageId: message.id }, "aria-label": `Message of ${nameOf(author)}` },
    message.answers ? answersNode(message.answers) : message.reply_to ? replyNode(message) : null,
    follows ? null : avatar(nameOf(author), { bot: author.bot }),
    el("div", { class: "body" },
      follows ? null : headNode(author, message),
      textNode(message, author),
      message.embeds.map(embedNode),
      message.attachments.map(fileNode),
      message.edited && !message.content && !message.loading ? el("p", {}, editedMark(message)) : null,
      message.loading ? null : rowNodes(message),
      failure ? el("p", { class: "failure" }, `⚠ ${failure}`) : null,
      message.thread ? threadNode(message.thread) : null,
      message.ephemeral ? onlyYou(message.id) : null));
}

function headNode(author, message) {
  return el("p", { class: "head" },
    el("strong", { class: "author", dir: "auto" }, nameOf(author)),
    author.bot ? el("span", { class: "bot-tag" }, "APP") : null,
    messageTime(message.timestamp));
}

function textNode(message, author) {
  if (message.loading) return el("p", { class: "thinking" }, `${nameOf(author)} is thinking`, el("span", { class: "dots" }, "…"));
  const context = { pings: message.pings, myRoles: currentGuild()?.my_roles ?? [] };
  const text = el("div", { class: "text", dir: "auto" }, markdown(message.content, context));
  if (!message.content) return null;
  const last = text.lastElementChild;
  if (message.edited) (last?.tagName === "P" ? last : text).append(" ", editedMark(message));
  return text;
}

const editedMark = (message) => el("span", { class: "edited", title: new Date(message.edited_at).toLocaleString() }, "(edited)");

function answersNode({ user, kind, name }) {
  const did = kind === "command" ? ["used ", el("span", { class: "pill" }, `/${name}`)]
    : kind === "form" ? [`submitted “${name}”`]
      : /^[a-z0-9_:-]+$/.test(name) ? ["made a choice"] : [`pressed “${name}”`]; // a select has no label, only an id
  return el("p", { class: "answers" }, avatar(user.display_name), el("strong", { dir: "auto" }, user.display_name), " ", did);
}

function replyNode(message) {
  const original = state.channels.get(message.channel_id)?.get(message.reply_to);
  if (!original) return el("p", { class: "answers" }, "in reply to a message that is gone");
  return el("p", { class: "answers" }, el("strong", {}, original.author.display_name), " ", original.content.slice(0, 90) || "a message");
}

function threadNode(thread) {
  const known = findChannel(thread.id);
  return el("button", { type: "button", class: "thread-card", disabled: !known, data: { goto: thread.id } },
    el("strong", {}, thread.name), el("span", {}, known ? "Open thread ›" : "You are not in this thread"));
}

function onlyYou(id) {
  return el("p", { class: "only-you" }, "Only you can see this · ",
    el("button", { type: "button", class: "text-button", data: { key: `dismiss ${id}` }, on: { click: () => dismiss(id) } }, "Dismiss message"));
}

function noticeNode(notice) {
  const bot = theBot();
  const name = bot ? nameOf(bot) : "Muster";
  const classes = `message notice${notice.failed ? " ephemeral" : ""}`;
  return el("li", { class: classes }, avatar(name, { bot: true }),
    el("div", { class: "body" },
      el("p", { class: "head" }, el("strong", { class: "author" }, name),
        el("span", { class: "bot-tag" }, "APP"), el("span", { class: "when" }, `/${notice.name}`)),
      el("p", { class: notice.failed ? "failure" : "thinking" }, `${notice.failed ? "⚠ " : ""}${notice.text}`),
      notice.failed ? onlyYou(notice.id) : null));
}

/** Make sure that a new or newly finished private answer is noticed, by eye and by ear. */
export function announceAnswer(message, old) {
  if (!message.ephemeral || (old && !old.loading)) return;
  const here = message.channel_id === state.channelId;
  if (message.loading) {
    if (here) state.peek = `${message.author.display_name} is thinking…`;
    return;
  }
  const [embed] = message.embeds;
  const parts = [message.content, embed?.title, embed?.description].filter(Boolean);
  const words = el("p", {}, parts.flatMap((part) => [...markdown(part), " "])).textContent.trim();
  announce(`${message.author.display_name}, only to you: ${words}`);
  if (here) state.peek = `Only you: ${words.length > PEEK ? `${words.slice(0, PEEK)}…` : words}`;
}
