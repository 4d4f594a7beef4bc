// The guild rail, the channel list and the member list.

import { avatar, byId, el, rebuild } from "./dom.js";
import { currentGuild, nameOf, state } from "./state.js";

/** `go` is what the rail and the list lead to: {guild(id), channel(id), dm()}. */
export function renderSidebars(go) {
  renderRail(go);
  renderChannels(go);
  renderMembers();
}

const unreadOf = (channels) => channels
  .flatMap((channel) => [channel, ...(channel.threads ?? [])])
  .map((channel) => state.unread.get(channel.id))
  .filter(Boolean);

function badge(found) {
  const pings = found.reduce((sum, one) => sum + one.pings, 0);
  if (pings) return el("span", { class: "badge", "aria-label": `${pings} mentions` }, String(pings));
  return found.length ? el("span", { class: "unread-dot", "aria-label": "unread" }) : null;
}

function renderRail(go) {
  const { guilds, dms } = state.world;
  const key = JSON.stringify([guilds.map((g) => [g.id, g.name, unreadOf(g.channels)]), unreadOf(dms), state.guildId, state.me]);
  rebuild(byId("rail"), key, () => [
    railButton("dms", "Direct messages", el("span", { class: "avatar square home", "aria-hidden": "true" }, "✉"),
      unreadOf(dms), state.guildId === null, go.dm),
    el("hr"),
    ...guilds.map((guild) => railButton(guild.id, guild.name, avatar(guild.name, { square: true }),
      unreadOf(guild.channels), guild.id === state.guildId, () => go.guild(guild.id))),
  ]);
}

function railButton(key, label, face, unread, current, act) {
  return el("button", {
    type: "button", class: "rail-button", title: label, "aria-label": label,
    "aria-current": current ? "true" : null, data: { key, guildId: key }, on: { click: act },
  }, face, badge(unread));
}

function renderChannels(go) {
  const guild = currentGuild();
  const shown = guild ? guild.channels : state.world.dms;
  const slim = shown.map((c) => [c.id, c.name, c.kind, c.parent_id, c.threads?.map((t) => [t.id, t.name, t.archived, t.locked])]);
  const key = JSON.stringify([guild?.name, slim, state.channelId, [...state.unread], state.me]);
  rebuild(byId("channels"), key, () => [
    el("h2", {}, guild ? guild.name : "Direct messages"),
    guild ? el("ul", {}, channelItems(guild, go)) : el("ul", {}, dmItems(go)),
  ]);
}

function channelItems(guild, go) {
  const inside = (parent) => guild.channels.filter((c) => c.kind !== "category" && c.parent_id === parent);
  const categories = guild.channels.filter((channel) => channel.kind === "category");
  return [
    ...inside(null).map((channel) => channelItem(channel, go)),
    ...categories.flatMap((category) => [
      el("li", { class: "category" }, category.name),
      ...inside(category.id).map((channel) => channelItem(channel, go)),
    ]),
  ];
}

function channelItem(channel, go) {
  const threads = channel.threads?.filter((thread) => !thread.archived || thread.id === state.channelId) ?? [];
  return el("li", {}, channelLink(channel, channel.kind === "news" ? "📣" : "#", go),
    threads.length ? el("ul", { class: "threads", "aria-label": `Threads of ${channel.name}` },
      threads.map((thread) => el("li", {}, channelLink(thread, thread.locked ? "🔒" : "↳", go)))) : null);
}

function channelLink(channel, sign, go) {
  const unread = state.unread.get(channel.id);
  return el("button", {
    type: "button", class: `channel${unread ? " unread" : ""}`,
    "aria-current": channel.id === state.channelId ? "page" : null,
    data: { key: channel.id, channelId: channel.id }, on: { click: () => go.channel(channel.id) },
  }, el("span", { class: "sign", "aria-hidden": "true" }, sign), el("span", { class: "channel-name", dir: "auto" }, channel.name), badge(unread ? [unread] : []));
}

function dmItems(go) {
  const items = state.world.dms.map((dm) => el("li", {}, channelLink(dm, "@", go)));
  if (items.length) return items;
  const open = { type: "button", class: "channel", data: { key: "open-dm" }, on: { click: go.dm } };
  return [el("li", {}, el("button", open, "Write to Muster"))];
}

function renderMembers() {
  const guild = currentGuild();
  byId("members").hidden = !guild;
  if (!guild) return;
  const key = JSON.stringify([guild.id, guild.roles, guild.members, state.world.bot_online, state.me]);
  rebuild(byId("members"), key, () => memberGroups(guild).flatMap(([title, members]) => [
    el("h2", {}, `${title} — ${members.length}`),
    el("ul", {}, members.map((member) => memberItem(guild, member))),
  ]));
}

// Everybody under the highest Discord role they have; roles are listed from the lowest to the highest.
function memberGroups(guild) {
  const groups = new Map([...guild.roles].reverse().map((role) => [role.id, []]));
  const bots = [];
  for (const member of guild.members) {
    const highest = [...groups.keys()].find((id) => member.roles.includes(id)) ?? guild.id;
    (member.bot ? bots : groups.get(highest) ?? bots).push(member);
  }
  const named = [...groups].map(([id, members]) => [id === guild.id ? "Members" : guild.roles.find((r) => r.id === id).name, members]);
  return [...named, ["Apps", bots]].filter(([, members]) => members.length);
}

function memberItem(guild, member) {
  const offline = member.bot && !state.world.bot_online;
  const notes = [member.id === guild.owner_id ? "owner" : null, member.id === state.me ? "you" : null, offline ? "offline" : null];
  return el("li", { class: offline ? "member offline" : "member" },
    avatar(nameOf(member), { bot: member.bot }),
    el("span", { class: "channel-name", dir: "auto" }, nameOf(member)),
    member.bot ? el("span", { class: "bot-tag" }, "APP") : null,
    el("small", {}, notes.filter(Boolean).join(", ")));
}
