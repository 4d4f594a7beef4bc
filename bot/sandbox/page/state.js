// What this tab knows, and who is told when it changes.

export const state = {
  me: null, // id of the person viewed as
  world: null, // as GET /sandbox/world
  demo: null, // as GET /sandbox/demo/state; null when the demo's routes are missing
  guildId: null, // null: direct messages
  channelId: null,
  live: "connecting", // connecting, up or down
  channels: new Map(), // id -> Map of message id -> message, for every channel opened so far
  unread: new Map(), // channel id -> {count, pings}
  busy: new Set(), // `${message id} ${custom id}` that wait for their first answer
  failures: new Map(), // message id -> why the last press on it failed
  peek: "", // a private answer that arrived out of sight
  toEnd: false, // the person did something whose outcome is at the end of the list
  notices: [], // {id, channelId, name, text, failed}: commands sent or not answered
  dismissed: new Set(JSON.parse(sessionStorage.getItem("dismissed") ?? "[]")),
};

const listeners = new Set();
let due = false;

/** Have `listener` called once after each batch of changes. */
export const onChange = (listener) => listeners.add(listener);

/** Tell the listeners, soon and only once for all changes of this moment. */
export function changed() {
  if (due) return;
  due = true;
  setTimeout(() => {
    due = false;
    for (const listener of listeners) listener();
  });
}

/** Forget everything that belonged to the person before. */
export function becomePerson(id) {
  Object.assign(state, { me: id, world: null, guildId: null, channelId: null, notices: [], peek: "" });
  for (const part of [state.channels, state.unread, state.busy, state.failures]) part.clear();
  changed();
}

export function dismiss(messageId) {
  state.dismissed.add(messageId);
  state.notices = state.notices.filter((notice) => notice.id !== messageId);
  sessionStorage.setItem("dismissed", JSON.stringify([...state.dismissed].slice(-500)));
  changed();
}

export const currentGuild = () => state.world?.guilds.find((guild) => guild.id === state.guildId) ?? null;

/** Every channel, thread and DM the person sees. */
export function allChannels() {
  if (!state.world) return [];
  const roots = [...state.world.guilds.flatMap((guild) => guild.channels), ...state.world.dms];
  return roots.flatMap((channel) => [channel, ...(channel.threads ?? [])]);
}

export const findChannel = (id) => allChannels().find((channel) => channel.id === id) ?? null;
export const currentChannel = () => findChannel(state.channelId);

/** The commands usable where the person is; a thread has those of its channel. */
export function currentCommands() {
  const channel = currentChannel();
  const home = channel?.commands ? channel : findChannel(channel?.parent_id);
  return home?.commands ?? [];
}

/** A guild member, else any account; null for a stranger. */
export function findPerson(id) {
  const member = currentGuild()?.members.find((person) => person.id === id);
  return member ?? state.world?.people.find((person) => person.id === id) ?? null;
}

export const nameOf = (person) => person.nick || person.display_name;
export const findRole = (id) => currentGuild()?.roles.find((role) => role.id === id) ?? null;
export const theBot = () => state.world?.people.find((person) => person.bot) ?? null;

/** Whether a message rings for the person viewed as. */
export function pingsMe({ pings, author, guild_id: guildId }) {
  if (author.id === state.me) return false;
  const roles = state.world.guilds.find((guild) => guild.id === guildId)?.my_roles ?? [];
  return pings.everyone || pings.users.includes(state.me) || pings.roles.some((id) => roles.includes(id));
}

/** Messages are in the order of their ids, which are too long for numbers. */
export const byAge = (a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1);

/** Keep a message unless a newer state of it is here already. */
export function keepMessage(message) {
  const kept = state.channels.get(message.channel_id);
  const old = kept?.get(message.id);
  if (kept && !(old && old.revision > message.revision)) kept.set(message.id, message);
  return old ?? null;
}
