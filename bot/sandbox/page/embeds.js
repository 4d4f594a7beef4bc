// Embeds and attached files.

import { el } from "./dom.js";
import { inline, markdown } from "./markdown.js";
import { format } from "./times.js";

/** One embed. Its mentions never ring, so its pills are never highlighted. */
export function embedNode(embed) {
  const node = el("article", { class: "embed" },
    embed.thumbnail?.url ? el("img", { class: "thumbnail", src: embed.thumbnail.url, alt: "" }) : null,
    embed.author?.name ? el("p", { class: "embed-author" }, maybeLink(embed.author.url, [embed.author.name])) : null,
    embed.title ? el("h3", {}, maybeLink(embed.url, inline(embed.title, {}))) : null,
    embed.description ? el("div", { class: "embed-text" }, markdown(embed.description)) : null,
    embed.fields?.length ? el("div", { class: "fields" }, fieldNodes(embed.fields)) : null,
    footer(embed),
  );
  const colour = embed.color ?? null;
  if (colour !== null) node.style.setProperty("--bar", `#${colour.toString(16).padStart(6, "0")}`);
  return node;
}

function maybeLink(href, content) {
  if (!/^https?:/.test(href ?? "")) return content;
  return el("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, content);
}

// Up to three inline fields share a row, as on Discord.
function fieldNodes(fields) {
  const rows = [];
  for (const field of fields) {
    const row = rows.at(-1);
    if (field.inline && row?.inline && row.fields.length < 3) row.fields.push(field);
    else rows.push({ inline: field.inline, fields: [field] });
  }
  return rows.map((row) => el("div", { class: `field-row of-${row.fields.length}` }, row.fields.map(fieldNode)));
}

const fieldNode = (field) => el("div", { class: "field" },
  el("h4", {}, inline(field.name, {})),
  el("div", {}, markdown(field.value)),
);

function footer(embed) {
  const moment = embed.timestamp ? format(new Date(embed.timestamp), "f") : null;
  const text = [embed.footer?.text, moment].filter(Boolean).join(" • ");
  return text ? el("p", { class: "embed-footer" }, text) : null;
}

/** A file on a message, to be downloaded from the stand-in. */
export function fileNode(file) {
  const href = new URL(file.url, location.href).pathname;
  const size = file.size < 1024 ? `${file.size} bytes` : `${(file.size / 1024).toFixed(1)} KB`;
  return el("p", { class: "file" }, "📄 ",
    el("a", { href, download: file.filename }, file.filename), el("small", {}, size));
}
