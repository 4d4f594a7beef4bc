// The drawer "Try to break it": the tour, the bot, the platforms' faults and the demo's keys.

import { fetchDemo, postDemo, Refused } from "./api.js";
import { announce, byId, el, rebuild } from "./dom.js";
import { changed, state } from "./state.js";

const PHONE = matchMedia("(max-width: 700px)");
const done = new Set(JSON.parse(sessionStorage.getItem("tour") ?? "[]"));
const unfolded = new Set(["tour", "profile"]);
const drafts = new Map(); // what was typed into a profile and not saved yet
let problem = "";

/** Ask the demo how things stand; the page also works beside a stand-in without a demo. */
export async function refreshDemo() {
  try {
    const found = await fetchDemo();
    if (JSON.stringify(found) === JSON.stringify(state.demo)) return;
    state.demo = found;
    changed();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

export const drawerIsOpen = () => !byId("drawer").hidden;

export function openDrawer(open = true) {
  byId("drawer").hidden = !open;
  byId("drawer-open").setAttribute("aria-expanded", String(open));
  document.body.classList.toggle("with-drawer", open);
  byId("app").querySelectorAll(".places, .chat").forEach((part) => { part.inert = open && PHONE.matches; });
  if (open) {
    renderDrawer();
    refreshDemo();
    byId("drawer").querySelector("button")?.focus();
  } else {
    byId("drawer-open").focus();
  }
}

async function change(what, body) {
  problem = "";
  try {
    await postDemo(what, body);
    await refreshDemo();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    problem = error.message;
  }
  changed();
}

let become = () => {};

/** `be(id)` switches the person viewed as. */
export function setUpDrawer(be) {
  become = (id) => {
    if (PHONE.matches) openDrawer(false);
    be(id);
  };
  byId("drawer-open").addEventListener("click", () => openDrawer(!drawerIsOpen()));
  byId("drawer").addEventListener("keydown", (event) => {
    if (event.key === "Escape") openDrawer(false);
  });
}

export function renderDrawer() {
  if (!drawerIsOpen()) return;
  const key = JSON.stringify([state.demo, state.me, [...done], problem, state.world?.bot_online]);
  rebuild(byId("drawer"), key, () => [
    el("header", {}, el("h2", {}, "Try to break it"),
      el("button", {
        type: "button", class: "icon-button", "aria-label": "Close the drawer", data: { key: "close" },
        on: { click: () => openDrawer(false) },
      }, "✕")),
    problem ? el("p", { class: "problem", role: "alert" }, problem) : null,
    ...(state.demo ? [botPart(), profilePart(), comingsPart(), ...faultParts(), tourPart(), keysPart()]
      : [el("p", {}, "The demo's switches are not there: this is a bare sandbox.")]),
  ].filter(Boolean));
}

const section = (title, ...parts) => el("section", {}, el("h3", {}, title), parts);

function foldable(key, title, aside, ...parts) {
  const node = el("details", { open: unfolded.has(key) }, el("summary", { data: { key: `fold ${key}` } }, el("h3", {}, title), aside), parts);
  node.addEventListener("toggle", () => (node.open ? unfolded.add(key) : unfolded.delete(key)));
  return node;
}

function botPart() {
  const { bot } = state.demo;
  const words = { running: "● running", starting: "◌ starting…", stopped: "■ stopped" };
  const online = bot === "running" && !state.world?.bot_online ? ", not connected yet" : "";
  return section("The bot",
    el("p", { class: `bot-state ${bot}`, id: "bot-state" }, `Muster is ${words[bot] ?? bot}${online}`),
    el("p", { class: "subtext" }, "Kill it in the middle of a claim, start it again, and look what became of the claim."),
    el("div", { class: "row" },
      botButton("kill", "danger", bot === "stopped", "Kill the bot"),
      botButton("start", "success", bot !== "stopped", "Start it again")),
    el("p", { class: "subtext" }, "Some claims stay open for minutes, some for a day. Nobody wants to wait for that."),
    el("div", { class: "row" }, el("button", {
      type: "button", class: "button secondary", data: { key: "day" },
      on: { click: () => change("day", {}).then(() => announce("A day has passed")) },
    }, "Let a day pass for open claims")));
}

const botButton = (action, look, disabled, label) => el("button", {
  type: "button", class: `button ${look}`, disabled, data: { key: action },
  on: { click: () => change("bot", { action }) },
}, label);

/** What the person viewed as writes about themselves on Roblox, for codes that go there. */
function profilePart() {
  const me = state.demo.people.find(({ id }) => id === state.me);
  if (!me) return null;
  const label = `Your Roblox profile · ${me.roblox}`;
  const draft = drafts.get(me.id) ?? me.profile;
  return foldable("profile", label, null,
    el("p", { class: "subtext" }, "Your About text on Roblox. A code from /verify goes here."),
    el("textarea", {
      class: "field-input", rows: 3, "aria-label": "About", maxlength: 1000, data: { key: "profile" },
      on: { input: (event) => drafts.set(me.id, event.target.value) },
    }, draft),
    el("div", { class: "row" }, el("button", {
      type: "button", class: "button success", data: { key: "save profile" },
      on: { click: () => saveProfile(me) },
    }, "Save the profile")));
}

async function saveProfile(me) {
  await change("profile", { name: me.name, text: drafts.get(me.id) ?? me.profile });
  drafts.delete(me.id);
  announce("The profile is saved");
}

/** Members who leave and come back, and Muster being taken out of a community. */
function comingsPart() {
  const comings = state.demo.comings ?? [];
  const away = comings.filter(({ gone }) => gone).map(({ label }) => el("span", {}, `✎ ${label}`));
  return foldable("comings", "Who comes and goes", el("span", { class: "active-faults" },
    away.length ? away : el("span", { class: "fine" }, "✔ everybody is there")),
    el("div", { class: "fault-buttons panel", role: "group", "aria-label": "Who comes and goes" },
      comings.map(({ name, label, gone }) => el("button", {
        type: "button", class: `button ${gone ? "success" : "secondary"}`, data: { key: `going ${name}`, going: name },
        on: { click: () => change("coming", { going: name, gone: !gone }) },
      }, gone ? `Undo: ${label}` : label))));
}

function faultParts() {
  return state.demo.platforms.map(({ name, platform, faults, offers, deeds }) => foldable(name, `${name} · ${platform}`,
    whatIsOff(faults, deeds),
    el("div", { class: "fault-buttons", role: "group", "aria-label": `Break ${name}` },
      offers.map((fault) => el("button", {
        type: "button", class: "button secondary", data: { key: `${name} ${fault.name}`, fault: fault.name, platform: name },
        on: { click: () => change("faults", { platform: name, fault: fault.name }) },
      }, fault.label)),
      el("button", { type: "button", class: "button success", disabled: !faults.length, data: { key: `${name} clear`, fault: "", platform: name },
        on: { click: () => change("faults", { platform: name, fault: null }) } }, "Clear: let it work again")),
    deeds.length ? panelPart(name, deeds) : null));
}

function whatIsOff(faults, deeds) {
  const changes = deeds.filter((deed) => deed.done).map(({ label }) => `✎ ${label}`);
  const lines = [...faults.map((fault) => `⚠ ${describe(fault)}`), ...changes];
  return el("span", { class: "active-faults" }, lines.length ? lines.map((line) => el("span", {}, line))
    : el("span", { class: "fine" }, "✔ works as it should"));
}

const panelPart = (name, deeds) => el("div", { class: "fault-buttons panel", role: "group", "aria-label": `In the panel of ${name}` },
  el("h4", {}, "What somebody does in its panel"),
  deeds.map(({ name: deed, label, done: isDone }) => el("button", {
    type: "button", class: `button ${isDone ? "success" : "secondary"}`, data: { key: `deed ${deed}`, deed },
    on: { click: () => change("panel", { deed, done: !isDone }) },
  }, isDone ? `Undo: ${label}` : label)));

function describe({ fault, match, times, seconds }) {
  const label = state.demo.faults.find((known) => known.name === fault)?.label ?? fault;
  const left = times === null || times === undefined ? "until cleared" : `${times} time${times === 1 ? "" : "s"} left`;
  const what = label === fault && match ? `${label} on ${match}` : label;
  return `${what} (${seconds && label === fault ? `${seconds} s, ` : ""}${left})`;
}

function tourPart() {
  const steps = state.demo.tour ?? [];
  const ticked = steps.filter((step) => done.has(step.text)).length;
  return foldable("tour", "A short tour", el("span", { class: "subtext" }, `${ticked} of ${steps.length} done`),
    el("ol", { class: "tour" }, steps.map((step, index) => el("li", {},
      el("label", {}, tick(step, index), el("span", {}, el("strong", {}, `as ${step.who}: `), step.text)),
      step.as === state.me ? el("span", { class: "subtext" }, `You are ${step.who}.`)
        : el("button", {
          type: "button", class: "button secondary", data: { key: `be ${index}` },
          on: { click: () => become(step.as) },
        }, `Be ${step.who}`)))));
}

function tick(step, index) {
  return el("input", { type: "checkbox", checked: done.has(step.text), data: { key: `step ${index}` }, on: { change: (event) => {
    if (event.target.checked) done.add(step.text);
    else done.delete(step.text);
    sessionStorage.setItem("tour", JSON.stringify([...done]));
    changed();
  } } });
}

function keysPart() {
  return foldable("keys", "Keys of the demo", null,
    el("p", { class: "subtext" }, "For /setup and /workspace key. They work in this sandbox only."),
    el("ul", { class: "keys" }, (state.demo.keys ?? []).map(({ label, key, address }) => el("li", {},
      el("span", {}, label), copyable(key, `the key of ${label}`), address ? copyable(address, `the address of ${label}`) : null))));
}

const copyable = (text, what) => [
  el("code", {}, text),
  el("button", {
    type: "button", class: "button secondary", "aria-label": `Copy ${what}`, data: { key: `copy ${what}` },
    on: { click: (event) => copy(event.currentTarget, text) },
  }, "Copy"),
];

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    announce("Copied");
  } catch { // no clipboard here: select it, so that Ctrl+C works
    getSelection().selectAllChildren(button.previousElementSibling);
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}
