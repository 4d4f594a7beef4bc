// The command line: choose a command, fill in its options, send it.

import { autocomplete, useCommand } from "./actions.js";
import { Refused } from "./api.js";
import { el } from "./dom.js";
import { ListBox } from "./listbox.js";
import { OptionField } from "./option-field.js";
import { currentChannel, currentCommands } from "./state.js";
import { choicesOfOption, matching } from "./suggestions.js";

const PAUSE = 180; // ms of silence before the bot is asked for choices

export class CommandLine {
  constructor(form) {
    this.form = form;
    this.command = null;
    this.fields = [];
    this.field = null; // the one whose choices are listed
    this.asked = 0; // number of the last question to the bot
    this.list = new ListBox("Suggestions", (item) => this.pick(item));
    this.hint = el("p", { class: "hint" });
    this.panel = el("div", { class: "suggestions", hidden: true }, this.hint, this.list.node);
    this.problem = el("p", { class: "problem", role: "alert", id: "command-error" });
    this.input = el("input", {
      id: "command", type: "text", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-label": "Command line: type / for commands", "aria-describedby": "command-error", spellcheck: "false",
      autocapitalize: "off", maxlength: "200",
    });
    this.chips = el("span", { class: "chips" });
    this.more = el("span", { class: "more" });
    this.send = el("button", { type: "submit", class: "button primary send" }, "Send");
    this.line = el("div", { class: "line" }, this.input, this.chips, this.more, this.send);
    form.append(this.panel, this.problem, this.line);
    this.listen();
    this.clear();
  }

  listen() {
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("focus", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event, null));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.form.addEventListener("focusout", (event) => {
      if (!this.form.contains(event.relatedTarget)) this.close();
    });
  }

  /** Leave the command, keeping the focus where it is. */
  clear() {
    this.input.value = "";
    this.drop();
    this.close();
    this.problem.textContent = "";
  }

  /** The channel may have changed: say where a command would go. */
  render() {
    const channel = currentChannel();
    const place = channel?.kind === "dm" ? channel.name : `#${channel?.name ?? ""}`;
    this.input.placeholder = channel ? `Type / to use a command in ${place}` : "Choose a channel first";
    this.input.disabled = !channel;
  }

  drop() {
    this.command = null;
    this.fields = [];
    this.asked += 1;
    this.chips.replaceChildren();
    this.showMore();
    this.form.classList.remove("chosen");
    this.input.removeAttribute("size");
  }

  typed() {
    const text = this.input.value;
    if (this.command && text.trim() === `/${this.command.name}`) return this.close();
    if (this.command) this.drop();
    this.problem.textContent = "";
    if (!text.startsWith("/")) {
      this.close();
      if (text) this.problem.textContent = "People here speak in commands: begin with /";
      return;
    }
    const commands = currentCommands();
    const wanted = text.slice(1).trim().toLowerCase();
    const exact = commands.find((command) => command.name === wanted);
    if (exact && text.endsWith(" ")) return this.choose(exact);
    const byName = commands.filter((command) => command.name.startsWith(wanted));
    const others = commands.filter((command) => !byName.includes(command) && `${command.name} ${command.description}`.toLowerCase().includes(wanted));
    this.field = null;
    this.show([...byName, ...others].map((command) => ({ label: `/${command.name}`, note: command.description, command })),
      this.input, "Commands you can use here", "There is no such command here.");
  }

  show(items, input, hint, emptyHint) {
    this.hint.textContent = items.length ? hint : emptyHint;
    this.list.show(items, input);
    this.panel.hidden = !this.hint.textContent;
  }

  close() {
    this.panel.hidden = true;
    this.list.show([], this.field?.suggests === false ? null : this.field?.input ?? this.input);
  }

  pick(item) {
    if (item.command) return this.choose(item.command);
    this.field.pick(item);
    this.close();
    this.next();
  }

  choose(command) {
    this.drop();
    this.command = command;
    this.problem.textContent = "";
    this.input.value = `/${command.name}`;
    this.input.size = this.input.value.length;
    this.form.classList.add("chosen");
    for (const option of command.options.filter((one) => one.required)) this.add(option);
    this.showMore(); // also where no option is required
    this.close();
    if (this.fields.length) this.fields[0].input.focus();
    else this.input.focus();
  }

  add(option) {
    const field = new OptionField(option, {
      focus: (one) => this.suggest(one),
      input: (one) => this.suggest(one),
      key: (event, one) => this.key(event, one),
      remove: (one) => this.remove(one),
    });
    this.fields.push(field);
    this.chips.append(field.node);
    this.showMore();
    return field;
  }

  remove(field) {
    const before = this.fields[this.fields.indexOf(field) - 1];
    this.fields = this.fields.filter((one) => one !== field);
    field.node.remove();
    this.showMore();
    (before?.input ?? this.input).focus();
  }

  showMore() {
    const left = this.command?.options.filter((option) => !this.fields.some((field) => field.option === option)) ?? [];
    this.more.replaceChildren(...left.map((option) => el("button", {
      type: "button", class: "add-option", title: option.description, data: { addOption: option.name },
      on: { click: () => this.add(option).input.focus() },
    }, `+ ${option.name}`)));
  }

  /** List what can be entered into a field. */
  async suggest(field) {
    this.field = field;
    this.problem.textContent = "";
    const { option } = field;
    const about = `${option.name}: ${option.description}`;
    const items = choicesOfOption(option);
    const number = (this.asked += 1);
    if (items) {
      const text = field.picked ? "" : field.input.value;
      return this.show(matching(items, text), field.input, about, `${about} – nothing fits.`);
    }
    this.show([], field.suggests ? field.input : null, "", about);
    if (!option.autocomplete) return undefined;
    this.hint.textContent = `${about} – loading…`;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (number !== this.asked) return undefined;
    const [offered, why] = await this.ask(field);
    if (number !== this.asked || !this.form.contains(document.activeElement)) return undefined;
    const choices = offered.map((choice) => ({ value: choice.value, label: choice.name, note: "" }));
    return this.show(choices, field.input, about, why ? `${about} – ${why}` : `${about} – no choices fit.`);
  }

  async ask(field) {
    const entered = {};
    for (const one of this.fields) {
      const { value } = one.read();
      if (one !== field && value !== undefined) entered[one.option.name] = value;
    }
    entered[field.option.name] = field.picked ? "" : field.input.value;
    try {
      const answer = await autocomplete(this.command.name, entered, field.option.name);
      return [answer.choices, answer.failed ? answer.reason : ""];
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return [[], error.message];
    }
  }

  key(event, field) {
    const open = !this.panel.hidden && this.list.items.length > 0;
    if (open && this.list.key(event)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      if (!this.panel.hidden) return void this.close();
      this.clear();
      this.input.focus();
    } else if (open && (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey))) {
      event.preventDefault();
      this.list.pick();
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Backspace" && field && field.input.value === "" && !field.option.required) {
      event.preventDefault();
      this.remove(field);
    } else if (event.key === "ArrowDown" && field && this.panel.hidden) {
      this.suggest(field);
    }
  }

  // To the next required option that is still empty, if there is one.
  next() {
    const empty = this.fields.find((field) => field.option.required && field.isEmpty);
    if (empty) empty.input.focus();
  }

  async submit() {
    if (!this.command) {
      this.problem.textContent = this.input.value ? "Choose a command from the list." : "Type / to see the commands.";
      return this.input.focus();
    }
    const options = {};
    for (const field of this.fields) {
      const { value, problem } = field.read();
      if (problem) return this.complain(field, problem);
      if (value !== undefined) options[field.option.name] = value;
    }
    try {
      await useCommand(this.command.name, options);
      this.clear();
      this.input.focus();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.problem.textContent = `Not sent. ${error.message}`;
    }
    return undefined;
  }

  complain(field, problem) {
    field.input.focus();
    field.mark(problem);
    this.problem.textContent = problem;
  }
}
