/** Renders inline Markdown as DOM nodes: emphasis, code, links, escapes, emoji and Slack's mentions. */

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { link } from "./links.js";
import { special, unescape } from "./mrkdwn.js";

/** How far an emphasis may reach: without an end, a text of nothing but markers would take quadratic time. */
const LONGEST_RUN = 1500;
const WORD = /[\p{L}\p{N}]/u;

// Longest marker first: `***x***` is both, `**x**` strong, `*x*` emphasis.
const EMPHASIS = [
  ["***", ["strong", "em"]],
  ["___", ["strong", "em"]],
  ["**", ["strong"]],
  ["__", ["strong"]],
  ["~~", ["s"]],
  ["*", ["em"]],
  ["_", ["em"]],
  ["~", ["s"]],
];

const PATTERNS = [
  [/^\\([!-/:-@[-`{-~])/, (match) => document.createTextNode(match[1])],
  [/^(`+)([^`](?:[\s\S]*?[^`])?)\1(?!`)/, (match) => h("code", {}, match[2].replace(/^ (.+) $/, "$1"))],
  [/^!\[([^\]\n]{0,500})\]\((\S+?)(?:\s+"[^"]*")?\)/, (match) => link(match[2], match[1] || match[2])],
  [
    /^\[((?:\\.|[^\]\\\n]){1,500})\]\(<?([^\s()<>]{1,2000}(?:\([^\s()]{0,200}\))?[^\s()<>]{0,500})>?(?:\s+"[^"]*")?\)/,
    (match) => link(unescape(match[2]), markdownInline(match[1])),
  ],
  [/^<((?:https?:|mailto:|[@#!])[^<>\n]+)>/, (match) => special(match[1])],
  [/^https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"\]]/, (match) => link(unescape(match[0]), unescape(match[0]))],
  [/^:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/, (match) => emoji(match[1])],
  [/^( {2,}|\\)?\n/, () => h("br")],
];

/** The text and length of an emphasised run at `index`, or null. */
function emphasised(text, index) {
  const before = text[index - 1] ?? " ";
  for (const [marker, tags] of EMPHASIS) {
    if (!text.startsWith(marker, index)) continue;
    const start = index + marker.length;
    if (/\s/.test(text[start] ?? " ")) continue;
    if (marker[0] === "_" && WORD.test(before)) continue;
    const end = matching(text, start, marker);
    if (end > start) return { inner: text.slice(start, end), length: end + marker.length - index, tags };
  }
  return null;
}

function matching(text, start, marker) {
  const last = Math.min(text.length, start + LONGEST_RUN);
  for (let index = start; index < last; index += 1) {
    if (text[index] === "\\") {
      index += 1;
      continue;
    }
    if (text[index] === "`") {
      const end = text.indexOf("`", index + 1);
      if (end > 0) {
        index = end;
        continue;
      }
    }
    if (!text.startsWith(marker, index) || /\s/.test(text[index - 1])) continue;
    const after = text[index + marker.length] ?? " ";
    // `**` never closes `*`, and an underscore inside a word is a letter.
    if (marker.length === 1 && after === marker) {
      index += 1;
      continue;
    }
    if (marker[0] === "_" && WORD.test(after)) continue;
    return index;
  }
  return -1;
}

/** Inline Markdown as nodes. */
export function markdownInline(text) {
  const nodes = [];
  let plain = "";
  const emit = (node) => {
    if (plain) nodes.push(document.createTextNode(unescape(plain)));
    plain = "";
    if (node) nodes.push(node);
  };
  for (let index = 0; index < text.length;) {
    const rest = text.slice(index);
    const hit = PATTERNS.map(([pattern, make]) => [pattern.exec(rest), make]).find(([match]) => match);
    if (hit) {
      emit(hit[1](hit[0]));
      index += hit[0][0].length;
      continue;
    }
    const run = emphasised(text, index);
    if (run) {
      emit(run.tags.reduceRight((inner, tag) => [h(tag, {}, inner)], markdownInline(run.inner))[0]);
      index += run.length;
      continue;
    }
    // Letters cannot start a pattern except an address: take the whole word at once.
    const word = /^(?!https?:\/\/)[\p{L}\p{N} ,.]+(?<! )/u.exec(rest);
    const take = word && !/https?:\/\//.test(word[0]) ? wordLength(word[0]) : 1;
    plain += rest.slice(0, take);
    index += take;
  }
  emit(null);
  return nodes;
}

function wordLength(run) {
  // Stop before a possible "http" and before trailing spaces, which may end in a hard break.
  const address = run.indexOf("http", 1);
  return address > 0 ? address : run.length;
}
