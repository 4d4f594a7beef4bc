// Starts the page: who is viewed as, where they are, and what arrives.

import { heard, onForm, openDm } from "./actions.js";
import { fetchMessages, fetchWorld, openLive, Refused } from "./api.js";
import { CommandLine } from "./command-line.js";
import { byId, el, rebuild } from "./dom.js";
import { openDrawer, refreshDemo, renderDrawer, setUpDrawer } from "./drawer.js";
import { closeForm, showForm } from "./forms.js";
import { announceAnswer, renderMessages, showJump } from "./messages.js";
import { renderSidebars } from "./sidebars.js";
import { allChannels, becomePerson, changed, currentChannel, findChannel, keepMessage, onChange, pingsMe, state } from "./state.js";

const LOOK_AGAIN = 3000; // ms; the bot coming and going and new commands are not pushed

const go = {
  guild: (id) => openChannel(firstText(state.world.guilds.find((guild) => guild.id === id)?.channels)?.id, id),
  channel: (id) => openChannel(id),
  dm: async () => openChannel(state.world.dms[0]?.id ?? await openDm()),
};
const firstText = (channels = []) => channels.find((channel) => channel.kind !== "category");
const commandLine = new CommandLine(byId("composer"));
let endLive = () => {};
let wanted = null; // the channel of the address, until the world is there

/** View as a person: forget the one before, load and listen anew. */
async function be(id, { channel = null, push = true } = {}) {
  endLive();
  closeForm();
  commandLine.clear();
  becomePerson(id);
  wanted = channel;
  if (push) remember("pushState");
  Object.assign(state, { live: "connecting" });
  endLive = openLive(id, { event: receive, up: connected, down: disconnected });
  await refreshWorld(true);
}

function remember(how) {
  const url = new URL(location.href);
  url.searchParams.set("as", state.me);
  if (state.channelId) url.searchParams.set("channel", state.channelId);
  else url.searchParams.delete("channel");
  history[how]({}, "", url);
}

async function refreshWorld(first = false) {
  const { me } = state;
  try {
    const world = await fetchWorld(me);
    if (me === state.me) takeWorld(world);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // The sandbox was started anew and everybody got a new id.
    if (error.status === 404 && me === state.me && (first || state.live !== "up")) await beSomebody(null, state.world?.me.display_name);
  }
}

function takeWorld(world) {
  const same = JSON.stringify(world) === JSON.stringify(state.world);
  if (same) return;
  state.world = world;
  if (!currentChannel()) {
    const channel = findChannel(wanted) ?? firstText(world.guilds[0]?.channels) ?? world.dms[0];
    if (channel) openChannel(channel.id);
  }
  changed();
}

async function openChannel(id, guildId) {
  if (!id) {
    Object.assign(state, { guildId: guildId ?? null, channelId: null });
    return changed();
  }
  const moved = state.channelId !== id;
  state.channelId = id;
  state.guildId = guildId ?? findChannel(id)?.guild_id ?? null;
  state.unread.delete(id);
  if (moved) commandLine.clear();
  showPlaces(false);
  remember("replaceState");
  changed();
  if (!state.channels.has(id)) await loadMessages(id);
  return undefined;
}

async function loadMessages(id) {
  const { me } = state;
  if (!state.channels.has(id)) state.channels.set(id, new Map());
  try {
    const { messages } = await fetchMessages(me, id);
    if (me !== state.me) return;
    const kept = new Set(messages.map((message) => message.id));
    for (const old of state.channels.get(id)?.keys() ?? []) if (!kept.has(old)) state.channels.get(id).delete(old);
    messages.forEach(keepMessage);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.channels.delete(id); // so that the next visit tries again
  }
  changed();
}

function receive(event) {
  if (event.type === "world") takeWorld(event.world);
  else if (event.type === "interaction") heard(event.interaction);
  else if (event.type === "message" || event.type === "message_edit") arrived(event.message, event.type === "message");
  else if (event.type === "message_delete") state.channels.get(event.message.channel_id)?.delete(event.message.id);
  changed();
}

function arrived(message, fresh) {
  const old = keepMessage(message);
  announceAnswer(message, old);
  if (!fresh || message.channel_id === state.channelId || !state.world) return;
  const { count, pings } = state.unread.get(message.channel_id) ?? { count: 0, pings: 0 };
  state.unread.set(message.channel_id, { count: count + 1, pings: pings + (pingsMe(message) ? 1 : 0) });
}

function connected() {
  state.live = "up";
  // Whatever was said while we were away.
  for (const id of [...state.channels.keys()]) {
    if (id === state.channelId) loadMessages(id);
    else state.channels.delete(id);
  }
  changed();
}

function disconnected() {
  state.live = "down";
  changed();
  refreshWorld();
}

function render() {
  renderPeople();
  renderBars();
  renderDrawer();
  if (!state.world) return;
  const channel = currentChannel();
  renderSidebars(go);
  byId("channel-name").textContent = channel ? `${channel.kind === "dm" ? "@" : "#"} ${channel.name}` : "No channel";
  byId("channel-topic").textContent = channel?.topic ?? "";
  document.title = `${channel ? `#${channel.name}` : "Muster"} · as ${state.world.me.display_name} · Muster demo`;
  renderMessages();
  commandLine.render();
}

function renderPeople() {
  const fallback = state.world?.people.filter((person) => !person.bot) ?? [];
  const people = state.demo?.people ?? fallback.map((person) => ({ id: person.id, name: person.display_name }));
  rebuild(byId("viewing-as"), JSON.stringify(people), () => people.map((person) => el("option", { value: person.id },
    person.about ? `${person.name} – ${person.about}` : person.name)));
  byId("viewing-as").value = state.me;
}

function renderBars() {
  const bars = [];
  if (state.live === "down") bars.push(["The connection to the sandbox is lost. Trying again…", null]);
  else if (state.world && !state.world.bot_online) {
    const starting = state.demo?.bot === "starting";
    bars.push([starting ? "Muster is starting…" : "Muster is offline. Start it again in the drawer.", starting ? null : "Open the drawer"]);
  }
  rebuild(byId("bars"), JSON.stringify(bars), () => bars.map(([text, button]) => el("p", { class: "bar" }, text,
    button ? el("button", { type: "button", class: "button", data: { key: "bar" }, on: { click: () => openDrawer() } }, button) : null)));
}

function showPlaces(open) {
  document.body.classList.toggle("with-places", open);
  byId("veil").hidden = !open;
  byId("places-open").setAttribute("aria-expanded", String(open));
  if (open) byId("channels").querySelector("[aria-current], button")?.focus();
}

/** View as this person, else as the one with this name, else as the first of the demo. */
async function beSomebody(id, name) {
  await refreshDemo();
  const people = state.demo?.people ?? [];
  const person = id ?? (people.find((one) => one.name === name) ?? people[0])?.id;
  if (person) return be(person, { channel: new URLSearchParams(location.search).get("channel"), push: false });
  byId("channel-topic").textContent = "The sandbox names nobody to view as. Add ?as=<user id> to the address.";
  return undefined;
}

function listen() {
  byId("viewing-as").addEventListener("change", (event) => be(event.target.value, { channel: state.channelId }));
  byId("places-open").addEventListener("click", () => showPlaces(true));
  byId("veil").addEventListener("click", () => showPlaces(false));
  byId("places").addEventListener("keydown", (event) => event.key === "Escape" && (showPlaces(false), byId("places-open").focus()));
  byId("scroll").addEventListener("scroll", showJump, { passive: true });
  byId("to-newest").addEventListener("click", () => byId("scroll").scrollTo({ top: byId("scroll").scrollHeight }));
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-goto]");
    if (target && allChannels().some((channel) => channel.id === target.dataset.goto)) openChannel(target.dataset.goto);
  });
  addEventListener("popstate", () => beSomebody(new URLSearchParams(location.search).get("as")));
  setInterval(() => {
    if (!state.me) return;
    refreshWorld();
    refreshDemo();
  }, LOOK_AGAIN);
}

onChange(render);
onForm(showForm);
setUpDrawer((id) => be(id, { channel: state.channelId }));
listen();
beSomebody(new URLSearchParams(location.search).get("as"));
