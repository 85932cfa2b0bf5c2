/** Renders Slack's mrkdwn as DOM nodes: bold, italic, strike, code, quotes, links, mentions, dates, emoji. */

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { link } from "./links.js";
import { broadcast, channelMention, groupMention, mention } from "./people.js";
import { formatDate } from "./time.js";

/** Turns the three escapes Slack knows back into characters; nothing else is an entity here. */
export function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

const STYLES = { "*": "strong", _: "em", "~": "s" };
/** How far a style may reach: without an end, a line of nothing but markers would take quadratic time. */
const LONGEST_RUN = 1500;
const BOUNDARY = /[\s.,;:!?'"()[\]{}<>/\\|*_~`\-–—]/;

/** The content of `<` and `>`: a mention, a broadcast, a date or a link with or without a label. */
export function special(body) {
  const bar = body.indexOf("|");
  const head = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? null : unescape(body.slice(bar + 1));
  if (head.startsWith("@")) return mention(head.slice(1));
  if (head.startsWith("#")) return channelMention(head.slice(1), label);
  if (head.startsWith("!subteam^")) return groupMention(head.slice(9), label);
  if (head.startsWith("!date^")) return dateNode(head, label);
  if (/^!(here|channel|everyone)$/.test(head)) return broadcast(head.slice(1));
  if (/^(https?:|mailto:)/i.test(head)) return link(unescape(head), label ?? unescape(head));
  return document.createTextNode(unescape(`<${body}>`));
}

function dateNode(head, fallback) {
  const [, seconds, format, url] = head.split("^");
  const text = /^-?\d+$/.test(seconds) && format ? formatDate(seconds, format) : (fallback ?? head);
  return url ? link(url, text) : h("time", { title: fallback }, text);
}

/** The end of a styled run that starts at `start`, or -1: both markers must touch text and be at word boundaries. */
function closing(text, start, marker) {
  const before = start === 0 ? " " : text[start - 1];
  if (!BOUNDARY.test(before) || /\s/.test(text[start + 1] ?? " ") || text[start + 1] === marker) return -1;
  const last = Math.min(text.length, start + LONGEST_RUN);
  for (let index = start + 1; index < last; index += 1) {
    if (text[index] === "\n") return -1;
    if (text[index] === "`" || text[index] === "<") {
      const end = text.indexOf(text[index] === "`" ? "`" : ">", index + 1);
      if (end > 0) {
        index = end;
        continue;
      }
    }
    const after = text[index + 1] ?? " ";
    if (text[index] === marker && !/\s/.test(text[index - 1]) && BOUNDARY.test(after)) return index;
  }
  return -1;
}

/** One run of inline mrkdwn as nodes. */
export function inline(text) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(unescape(plain)));
    plain = "";
  };
  const emit = (node) => {
    flush();
    nodes.push(node);
  };
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    const rest = text.slice(index);
    let match;
    if (character === "`" && (match = /^`([^`\n]+)`/.exec(rest))) {
      emit(h("code", {}, unescape(match[1])));
    } else if (character === "<" && (match = /^<([^<>\n]+)>/.exec(rest))) {
      emit(special(match[1]));
    } else if (character === ":" && (match = /^:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/.exec(rest))) {
      emit(emoji(match[1]));
    } else if (character === "\n") {
      emit(h("br"));
      match = ["\n"];
    } else if (STYLES[character]) {
      const end = closing(text, index, character);
      if (end > 0) {
        emit(h(STYLES[character], {}, inline(text.slice(index + 1, end))));
        match = [text.slice(index, end + 1)];
      }
    }
    if (match) index += match[0].length - 1;
    else plain += character;
  }
  flush();
  return nodes;
}

function quoteOrText(lines) {
  const nodes = [];
  let quoted = [];
  let plain = [];
  const closeQuote = () => {
    if (quoted.length) nodes.push(h("blockquote", {}, inline(quoted.join("\n"))));
    quoted = [];
  };
  const closePlain = () => {
    if (plain.length) nodes.push(...inline(plain.join("\n")));
    plain = [];
  };
  for (const line of lines) {
    const match = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (match) {
      closePlain();
      quoted.push(match[1]);
    } else {
      closeQuote();
      plain.push(line);
    }
  }
  closeQuote();
  closePlain();
  return nodes;
}

/** A whole mrkdwn text as nodes: fenced code first, then quotes, then inline marks. `verbatim` texts work alike. */
export function mrkdwn(text) {
  return String(text)
    .split("```")
    .flatMap((part, index, parts) => {
      if (index % 2 === 1 && index < parts.length - 1) {
        return [h("pre", {}, h("code", {}, unescape(part.replace(/^\n|\n$/g, ""))))];
      }
      // An opening fence without an end is text, as it is in Slack.
      return quoteOrText((index % 2 === 1 ? "```" + part : trimAround(part, index, parts.length)).split("\n"));
    });
}

function trimAround(part, index, count) {
  let trimmed = index > 0 ? part.replace(/^\n/, "") : part;
  if (index < count - 1) trimmed = trimmed.replace(/\n$/, "");
  return trimmed;
}

/** A text object (`plain_text` or `mrkdwn`) or a bare string as nodes. */
export function textObject(text) {
  if (text === null || text === undefined) return [];
  if (typeof text === "string") return mrkdwn(text);
  return text.type === "mrkdwn" ? mrkdwn(text.text) : plain(text.text, text.emoji !== false);
}

/** Plain text with line breaks, and emoji unless they are switched off. */
export function plain(text, withEmoji = true) {
  return String(text)
    .split("\n")
    .flatMap((line, index) => {
      const nodes = withEmoji ? emojiLine(line) : [document.createTextNode(line)];
      return index === 0 ? nodes : [h("br"), ...nodes];
    });
}

function emojiLine(line) {
  return line
    .split(/(:[a-z0-9_+'-]+:)/)
    .filter(Boolean)
    .map((part) => (/^:[a-z0-9_+'-]+:$/.test(part) ? emoji(part.slice(1, -1)) : document.createTextNode(part)));
}
