// What can be chosen: for the options of commands and for selects of every kind.

import { currentGuild, nameOf, state } from "./state.js";

export const STRING = 3, INTEGER = 4, BOOLEAN = 5, USER = 6, CHANNEL = 7, ROLE = 8, MENTIONABLE = 9, NUMBER = 10, ATTACHMENT = 11;
const KIND_NUMBERS = { text: 0, dm: 1, category: 4, news: 5, news_thread: 10, thread: 11, private_thread: 12 };

function people() {
  const members = currentGuild()?.members ?? state.world.people;
  return members.map((person) => ({ value: person.id, label: nameOf(person), note: person.bot ? "bot" : person.username, sign: "@" }));
}

function roles() {
  return (currentGuild()?.roles ?? []).map((role) => ({ value: role.id, label: role.name.replace(/^@/, ""), note: "Discord role", sign: "@" }));
}

function channels(kinds) {
  const roots = currentGuild()?.channels ?? state.world.dms;
  return roots
    .flatMap((channel) => [channel, ...(channel.threads ?? [])])
    .filter((channel) => !kinds?.length || kinds.includes(KIND_NUMBERS[channel.kind]))
    .map((channel) => ({ value: channel.id, label: channel.name, note: channel.kind.replace("_", " "), sign: "#" }));
}

/** All items of a select component: {value, label, note, sign}. */
export function choicesOf(part) {
  if (part.type === 5) return people();
  if (part.type === 6) return roles();
  if (part.type === 7) return [...people(), ...roles()];
  if (part.type === 8) return channels(part.channel_types);
  return (part.options ?? []).map((option) => ({
    value: option.value,
    label: option.label,
    note: option.description ?? "",
    sign: option.emoji?.name ?? "",
  }));
}

/** All items of a command's option; null when it is free text or asked of the bot. */
export function choicesOfOption(option) {
  if (option.choices?.length) return option.choices.map((choice) => ({ value: choice.value, label: choice.name, note: "" }));
  if (option.type === BOOLEAN) return [{ value: true, label: "True", note: "" }, { value: false, label: "False", note: "" }];
  if (option.type === USER) return people();
  if (option.type === ROLE) return roles();
  if (option.type === MENTIONABLE) return [...people(), ...roles()];
  if (option.type === CHANNEL) return channels(option.channel_types);
  return null;
}

/** Those items whose label or note holds the text; those that begin with it first. */
export function matching(items, text) {
  const wanted = text.trim().toLowerCase().replace(/^[@#]/, "");
  if (!wanted) return items;
  const hits = items.filter((item) => `${item.label} ${item.note}`.toLowerCase().includes(wanted));
  const begins = (item) => item.label.toLowerCase().startsWith(wanted);
  return [...hits.filter(begins), ...hits.filter((item) => !begins(item))];
}
