// Discord's <t:…> timestamps, in the reader's own zone, and the live relative ones.

import { el } from "./dom.js";

const LOCALE = navigator.language.startsWith("en") ? navigator.language : "en-GB";
const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "always" });
const formats = Object.fromEntries(
  Object.entries(STYLES).map(([style, options]) => [style, new Intl.DateTimeFormat(LOCALE, options)]),
);

/** A moment (Date) in one of Discord's styles. */
export function format(moment, style) {
  if (style !== "R") return (formats[style] ?? formats.f).format(moment);
  const seconds = Math.round((moment.getTime() - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return relative.format(Math.round(seconds / size), unit);
}

/** A <time> element; null for a number that is no moment. */
export function timeElement(unixSeconds, style, className = "stamp") {
  const moment = new Date(unixSeconds * 1000);
  if (Number.isNaN(moment.getTime())) return null;
  const shown = format(moment, style);
  return el("time", {
    class: className,
    datetime: moment.toISOString(),
    title: format(moment, "F"),
    data: style === "R" ? { relative: String(unixSeconds) } : {},
  }, shown);
}

/** When a message was written, as its header shows it. */
export function messageTime(iso) {
  const moment = new Date(iso);
  const midnight = new Date().setHours(0, 0, 0, 0);
  const today = moment.getTime() >= midnight;
  const yesterday = !today && moment.getTime() >= midnight - 86_400_000;
  const clock = format(moment, "t");
  const words = today ? `Today at ${clock}` : yesterday ? `Yesterday at ${clock}` : `${format(moment, "d")} ${clock}`;
  return el("time", { class: "when", datetime: moment.toISOString(), title: format(moment, "F") }, words);
}

export const dayOf = (iso) => format(new Date(iso), "D");

setInterval(() => {
  for (const node of document.querySelectorAll("time[data-relative]")) {
    const shown = format(new Date(Number(node.dataset.relative) * 1000), "R");
    if (node.textContent !== shown) node.textContent = shown;
  }
}, 1000);
