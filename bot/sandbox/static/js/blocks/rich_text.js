/** `rich_text`: sections, lists, quotes and preformatted text, built from typed elements. */

import { h } from "../dom.js";
import { EMOJI, emoji } from "../emoji.js";
import { redBox } from "../errors.js";
import { link } from "../links.js";
import { broadcast, channelMention, groupMention, mention } from "../people.js";
import { formatDate } from "../time.js";

const WRAPS = [
  ["code", "code"],
  ["bold", "strong"],
  ["italic", "em"],
  ["strike", "s"],
  ["underline", "u"],
  ["highlight", "mark"],
  ["client_highlight", "mark"],
];

function styled(nodes, style) {
  return WRAPS.reduce((inner, [name, tag]) => (style?.[name] ? [h(tag, {}, inner)] : inner), nodes);
}

function lines(text) {
  return String(text)
    .split("\n")
    .flatMap((line, index) => (index === 0 ? [line] : [h("br"), line]));
}

/** An emoji the table does not know may carry its own code points. */
function emojiElement(data) {
  if (EMOJI[data.name] || !/^[0-9a-f]+(-[0-9a-f]+)*$/i.test(data.unicode ?? "")) return emoji(data.name);
  const glyph = String.fromCodePoint(...data.unicode.split("-").map((code) => Number.parseInt(code, 16)));
  return h("span", { class: "emoji", role: "img", "aria-label": data.name }, glyph);
}

const ELEMENTS = {
  text: (data) => lines(data.text),
  link: (data) => [link(data.url, data.text || data.url)],
  emoji: (data) => [emojiElement(data)],
  user: (data) => [mention(data.user_id)],
  channel: (data) => [channelMention(data.channel_id)],
  usergroup: (data) => [groupMention(data.usergroup_id)],
  team: (data) => [groupMention(data.team_id)],
  broadcast: (data) => [broadcast(data.range)],
  date: (data) => {
    const text = data.format ? formatDate(data.timestamp, data.format) : (data.fallback ?? String(data.timestamp));
    return [data.url ? link(data.url, text) : h("time", {}, text)];
  },
  color: (data) => [h("span", { class: "color-value" }, data.value)],
};

function inline(elements) {
  return (elements ?? []).flatMap((data) => {
    const render = ELEMENTS[data?.type];
    return render ? styled(render(data), data.style) : [redBox(`Unknown rich text element "${data?.type}"`, data)];
  });
}

const indent = (level) => Math.min(Math.max(level ?? 0, 0), 8);

const PARTS = {
  rich_text_section: (data) => h("p", {}, inline(data.elements)),
  rich_text_quote: (data) => h("blockquote", {}, inline(data.elements)),
  rich_text_preformatted: (data) =>
    h("pre", {}, h("code", { "data-language": data.language ?? null }, inline(data.elements))),
  rich_text_list: (data) =>
    h(
      data.style === "ordered" ? "ol" : "ul",
      {
        class: `indent-${indent(data.indent)}${data.border ? " bordered" : ""}`,
        start: data.style === "ordered" && data.offset ? data.offset + 1 : null,
      },
      data.elements.map((part) =>
        h("li", {}, part.type === "rich_text_section" ? inline(part.elements) : richPart(part)),
      ),
    ),
};

function richPart(data) {
  const render = PARTS[data?.type];
  return render ? render(data) : redBox(`Unknown rich text part "${data?.type}"`, data);
}

/** A whole `rich_text` block. */
export function richText(data) {
  return h("div", { class: "prose rich-text" }, (data.elements ?? []).map(richPart));
}
