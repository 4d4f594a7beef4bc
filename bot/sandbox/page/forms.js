// Forms (Discord's modals) as dialogs. The browser traps the focus and closes them on Escape.

import { submitForm } from "./actions.js";
import { Refused } from "./api.js";
import { el } from "./dom.js";
import { markdown } from "./markdown.js";
import { openPicker } from "./picker.js";
import { choicesOf } from "./suggestions.js";

const TEXT_INPUT = 4, TEXT_DISPLAY = 10, LABEL = 18, RADIO = 21, CHECKBOXES = 22, CHECKBOX = 23;
const PARAGRAPH = 2;

/** Show a form; submitting it sends it to the bot. */
export function showForm(form) {
  const fields = [];
  const parts = form.components.map((part) => partNode(part, fields));
  const problem = el("p", { class: "problem", role: "alert" });
  const submit = el("button", { type: "submit", class: "button primary" }, "Submit");
  const cancel = el("button", { type: "button", class: "button secondary", on: { click: () => dialog.close() } }, "Cancel");
  const body = el("form", { novalidate: true, autocomplete: "off" },
    el("h2", { id: "form-title", dir: "auto" }, form.title), parts, problem,
    el("footer", {}, cancel, submit));
  const dialog = el("dialog", { class: "form", "aria-labelledby": "form-title", data: { customId: form.custom_id } }, body);
  body.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submit.disabled || !check(fields, problem)) return;
    submit.disabled = true;
    submit.textContent = "Submitting…";
    const why = await send(form, fields);
    submit.disabled = false;
    submit.textContent = "Submit";
    problem.textContent = why;
    if (!why) dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    // Chromium gives the focus back to the command line by itself, but without a caret to type at.
    const input = document.getElementById("command");
    input.blur();
    input.focus({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  (body.querySelector("input, textarea, .select") ?? submit).focus();
}

/** Close an open form: the person viewed as has changed. */
export function closeForm() {
  document.querySelector("dialog.form")?.close();
}

async function send(form, fields) {
  const values = Object.fromEntries(fields.map((field) => [field.id, field.value()]).filter(([, v]) => v !== undefined));
  try {
    const outcome = await submitForm(form.interaction_id, values);
    return outcome.state === "failed" ? outcome.reason : "";
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error.message;
  }
}

// Marks what is wrong with each field and goes to the first one.
function check(fields, problem) {
  problem.textContent = "";
  const wrong = fields.filter((field) => field.mark(field.problem()));
  wrong[0]?.focus();
  return wrong.length === 0;
}

function partNode(part, fields) {
  if (part.type === TEXT_DISPLAY) return el("div", { class: "text" }, markdown(part.content));
  const item = part.type === LABEL ? part.component : part.components[0];
  const label = part.type === LABEL ? part.label : item.label;
  const field = makers(item)(item, label);
  fields.push(field);
  const error = el("p", { class: "problem", id: `${field.input.id}-error` });
  field.mark = (why) => {
    error.textContent = why;
    field.input.setAttribute("aria-invalid", String(Boolean(why)));
    field.input.setAttribute("aria-describedby", error.id);
    return Boolean(why);
  };
  const required = item.required ?? true;
  const star = required && item.type !== CHECKBOX ? el("span", { class: "star", title: "required" }, " *") : null;
  return el("div", { class: "form-field" },
    el("label", { for: field.input.id, dir: "auto" }, label, star),
    part.description ? el("p", { class: "subtext", dir: "auto" }, part.description) : null,
    field.node, error);
}

function makers(item) {
  if (item.type === TEXT_INPUT) return textField;
  if (item.type === CHECKBOX) return checkField;
  return item.type === RADIO || item.type === CHECKBOXES ? groupField : selectField;
}

let made = 0;
const newId = () => `form-field-${(made += 1)}`;

function textField(item) {
  const long = item.style === PARAGRAPH;
  const most = item.max_length ?? 4000;
  const input = el(long ? "textarea" : "input", {
    id: newId(), class: "field-input", type: long ? null : "text", rows: long ? "4" : null, dir: "auto",
    placeholder: item.placeholder, maxlength: most, "aria-required": String(item.required ?? true), data: { customId: item.custom_id },
  });
  input.value = item.value ?? "";
  const counter = el("span", { class: "counter", "aria-hidden": "true" });
  const count = () => (counter.textContent = item.max_length || item.min_length ? `${input.value.length}/${most}` : "");
  input.addEventListener("input", count);
  count();
  return {
    id: item.custom_id, input, node: el("div", { class: "counted" }, input, counter), focus: () => input.focus(),
    value: () => input.value,
    problem() {
      if (!input.value) return item.required ?? true ? "This is required." : "";
      return input.value.length < (item.min_length ?? 0) ? `At least ${item.min_length} characters.` : "";
    },
  };
}

function selectField(item, label) {
  const items = choicesOf(item);
  let values = (item.options ?? []).filter((option) => option.default).map((option) => option.value);
  const text = el("span", { class: "select-text" });
  const least = item.required === false ? 0 : item.min_values ?? 1;
  const input = el("button", {
    id: newId(), type: "button", class: "select", "aria-haspopup": "listbox", data: { customId: item.custom_id },
  }, text, el("span", { "aria-hidden": "true" }, "▾"));
  const show = () => {
    const names = items.filter((one) => values.includes(String(one.value))).map((one) => one.label);
    text.textContent = names.join(", ") || item.placeholder || "Make a selection";
  };
  input.addEventListener("click", () => openPicker({
    anchor: input, title: label, items, least, most: item.max_values ?? 1, chosen: values,
    onDone: (chosen) => {
      values = chosen;
      show();
    },
  }));
  show();
  return { id: item.custom_id, input, node: input, focus: () => input.focus(), value: () => values,
    problem: () => (values.length < least ? `Choose at least ${least}.` : "") };
}

function groupField(item, label) {
  const single = item.type === RADIO;
  const id = newId();
  const boxes = item.options.map((option) => el("input", {
    type: single ? "radio" : "checkbox", name: id, value: option.value, checked: option.default,
  }));
  const node = el("div", { id, role: single ? "radiogroup" : "group", "aria-label": label, class: "group", data: { customId: item.custom_id } },
    item.options.map((option, index) => el("label", { class: "choice" }, boxes[index], option.label,
      option.description ? el("small", {}, option.description) : null)));
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const least = item.required === false ? 0 : item.min_values ?? 1;
  return { id: item.custom_id, input: node, node, focus: () => boxes[0].focus(),
    value: () => (single ? chosen()[0] : chosen()),
    problem: () => (chosen().length < least ? "Choose one." : "") };
}

function checkField(item) {
  const input = el("input", { id: newId(), type: "checkbox", checked: item.default, data: { customId: item.custom_id } });
  return { id: item.custom_id, input, node: input, focus: () => input.focus(), value: () => input.checked, problem: () => "" };
}
