// One option of a command on the command line: its name, its input, and what was entered.

import { el } from "./dom.js";
import { ATTACHMENT, INTEGER, NUMBER, choicesOfOption } from "./suggestions.js";

const LONGEST_INPUT = 40; // characters shown at once

export class OptionField {
  /** `on`: {focus(field), input(field), key(event, field), remove(field)}. */
  constructor(option, on) {
    this.option = option;
    this.picked = null; // the chosen {value, label}
    this.file = null;
    const isFile = option.type === ATTACHMENT;
    this.input = el("input", {
      type: isFile ? "file" : "text",
      class: "option-input",
      "aria-label": `${option.name}${option.required ? "" : " (optional)"}: ${option.description}`,
      "aria-autocomplete": this.suggests ? "list" : null,
      role: this.suggests ? "combobox" : null,
      "aria-expanded": this.suggests ? "false" : null,
      "aria-required": String(Boolean(option.required)),
      inputmode: this.isNumber ? "decimal" : null,
      maxlength: isFile ? null : option.max_length ?? 6000,
      data: { option: option.name },
      on: {
        focus: () => on.focus(this),
        input: () => this.typed(on),
        change: () => isFile && this.take(this.input.files[0], on),
        keydown: (event) => on.key(event, this),
      },
    });
    this.resize();
    const remove = option.required ? null : el("button", {
      type: "button", class: "chip-remove", "aria-label": `Leave out ${option.name}`, on: { click: () => on.remove(this) },
    }, "×");
    this.node = el("span", { class: "chip", on: { click: () => this.input.focus() } },
      el("span", { class: "chip-name", "aria-hidden": "true" }, option.name), this.input, remove);
  }

  get isNumber() {
    return [INTEGER, NUMBER].includes(this.option.type);
  }

  /** Whether choices can be offered for it. */
  get suggests() {
    return Boolean(this.option.autocomplete) || choicesOfOption(this.option) !== null;
  }

  typed(on) {
    this.picked = null;
    this.resize();
    this.mark("");
    on.input(this);
  }

  resize() {
    const length = [...this.input.value].length;
    if (this.option.type !== ATTACHMENT) this.input.size = Math.min(Math.max(length + 1, 6), LONGEST_INPUT);
  }

  pick(item) {
    this.picked = item;
    this.input.value = item.label;
    this.resize();
    this.mark("");
  }

  async take(file, on) {
    this.file = null;
    if (file) {
      const bytes = new Uint8Array(await file.arrayBuffer());
      let binary = "";
      for (const byte of bytes) binary += String.fromCharCode(byte);
      this.file = { filename: file.name, base64: btoa(binary) };
    }
    on.input(this);
  }

  get isEmpty() {
    return this.option.type === ATTACHMENT ? this.file === null : this.picked === null && this.input.value.trim() === "";
  }

  /** Show on the chip that something is wrong with it; "" clears it. */
  mark(problem) {
    this.node.classList.toggle("wrong", Boolean(problem));
    this.input.setAttribute("aria-invalid", String(Boolean(problem)));
  }

  /** {value} or {problem} in words; {} when nothing was entered into an option that may be left out. */
  read() {
    const { name, required } = this.option;
    if (this.isEmpty) return required ? { problem: `${name}: this option is required.` } : {};
    if (this.option.type === ATTACHMENT) return { value: this.file };
    if (this.picked) return { value: this.picked.value };
    const text = this.input.value.trim();
    const items = choicesOfOption(this.option);
    if (items) {
      const exact = items.find((item) => item.label.toLowerCase() === text.toLowerCase().replace(/^[@#]/, ""));
      return exact ? { value: exact.value } : { problem: `${name}: choose one of the list.` };
    }
    return this.isNumber ? this.readNumber(text) : this.readText(text);
  }

  readNumber(text) {
    const { name, type, min_value: least, max_value: most } = this.option;
    const number = Number(text);
    if (Number.isNaN(number)) return { problem: `${name}: a number is needed.` };
    if (type === INTEGER && !Number.isInteger(number)) return { problem: `${name}: a whole number is needed.` };
    if (least !== undefined && least !== null && number < least) return { problem: `${name}: at least ${least}.` };
    if (most !== undefined && most !== null && number > most) return { problem: `${name}: at most ${most}.` };
    return { value: number };
  }

  readText(text) {
    const least = this.option.min_length ?? 0;
    if (text.length < least) return { problem: `${this.option.name}: at least ${least} characters.` };
    return { value: text };
  }
}
