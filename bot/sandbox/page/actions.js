// What the person does: press, choose, submit, use a command; and what comes of each.

import { act, fetchInteraction, Refused } from "./api.js";
import { announce } from "./dom.js";
import { changed, state } from "./state.js";

const LONGEST_WAIT = 55; // seconds the stand-in holds one question
const followed = new Map(); // interaction id -> {seen, tell}
let openForm = () => {};

/** Have `show(form)` called when an action of this tab is answered with a form. */
export function onForm(show) {
  openForm = show;
}

/** A newer state of some interaction, from the websocket or from asking. */
export function heard(interaction) {
  const entry = followed.get(interaction.interaction_id);
  if (!entry || interaction.revision <= entry.seen || interaction.state === "waiting") return;
  entry.seen = interaction.revision;
  if (interaction.state !== "thinking") followed.delete(interaction.interaction_id);
  entry.tell(interaction);
  if (interaction.form) openForm(interaction.form);
}

/** Have `tell` called at each later state of an interaction. */
function follow(id, tell) {
  followed.set(id, { seen: -1, tell });
  // The websocket may have told it before we knew the id, or may be down.
  (async () => {
    while (followed.has(id)) {
      try {
        heard(await fetchInteraction(state.me, id, 0));
        if (followed.has(id)) heard(await fetchInteraction(state.me, id, LONGEST_WAIT));
      } catch (error) {
        if (error.status) return followed.delete(id); // another person's by now, or gone
        await new Promise((resolve) => setTimeout(resolve, 2000));
      }
    }
  })();
}

function fail(messageId, why) {
  state.failures.set(messageId, why);
  announce(why);
}

/** Press a button or, with `values`, make a selection. */
export async function press(messageId, customId, values) {
  const key = `${messageId} ${customId}`;
  if (state.busy.has(key)) return;
  state.busy.add(key);
  state.failures.delete(messageId);
  changed();
  try {
    const body = { as: state.me, message_id: messageId, custom_id: customId };
    const { interaction_id: id } = await act("press", values ? { ...body, values } : body);
    follow(id, (interaction) => {
      state.busy.delete(key);
      if (interaction.state === "failed") fail(messageId, interaction.reason);
      changed();
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.busy.delete(key);
    fail(messageId, error.message);
    changed();
  }
}

/** Use a command. Throws Refused when it could not even be sent. */
export async function useCommand(name, options) {
  const channelId = state.channelId;
  const body = { as: state.me, channel_id: channelId, name, options };
  const { interaction_id: id } = await act("command", body);
  const notice = { id: `sent-${id}`, channelId, name, text: "Sending command…", failed: false };
  state.notices.push(notice);
  state.toEnd = true;
  changed();
  follow(id, (interaction) => {
    if (interaction.state === "failed" && !interaction.message) {
      Object.assign(notice, { text: interaction.reason, failed: true });
      announce(interaction.reason);
    } else {
      state.notices = state.notices.filter((other) => other !== notice);
    }
    changed();
  });
}

/** Submit a form; resolves with its first outcome. Throws Refused when it could not be sent. */
export async function submitForm(interactionId, values) {
  const body = { as: state.me, interaction_id: interactionId, values };
  const { interaction_id: id } = await act("form", body);
  return new Promise((resolve) => follow(id, resolve));
}

/** The choices the bot offers for an option as typed so far: {failed, reason, choices}. */
export function autocomplete(name, options, focused) {
  return act("autocomplete", { as: state.me, channel_id: state.channelId, name, options, focused });
}

/** The id of the person's DM with the bot. */
export const openDm = async () => (await act("open_dm", { as: state.me })).channel_id;
