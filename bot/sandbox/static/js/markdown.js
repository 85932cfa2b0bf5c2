/** Renders Markdown as DOM nodes: headings, paragraphs, lists, quotes, fences, rules and tables. */

import { h } from "./dom.js";
import { markdownInline } from "./markdown_inline.js";

const ITEM = /^(\s*)([-*+•]|\d{1,9}[.)])\s+(.*)$/;
const FENCE = /^\s*(```+|~~~+)\s*([\w+-]*)\s*$/;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*\s*$/;
/** Maximum length of a table's head; parsing a longer line as a table would be slow. */
const WIDEST = 2000;
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** Renders Markdown text as nodes; an unfinished, streaming text renders as far as it goes. */
export function markdown(text) {
  return blocks(String(text).replace(/\r\n?/g, "\n").split("\n"));
}

function blocks(lines) {
  const nodes = [];
  let index = 0;
  while (index < lines.length) {
    if (!lines[index].trim()) {
      index += 1;
      continue;
    }
    const reader = READERS.find(([starts]) => starts(lines, index))[1];
    const [node, next] = reader(lines, index);
    nodes.push(node);
    index = next;
  }
  return nodes;
}

const READERS = [
  [(lines, at) => FENCE.test(lines[at]), fence],
  [(lines, at) => HEADING.test(lines[at]), heading],
  [(lines, at) => RULE.test(lines[at]), (lines, at) => [h("hr"), at + 1]],
  [(lines, at) => /^\s*(>|&gt;)/.test(lines[at]), quote],
  [isTable, table],
  [(lines, at) => ITEM.test(lines[at]), list],
  [() => true, paragraph],
];

function fence(lines, at) {
  const mark = FENCE.exec(lines[at])[1];
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(mark)) end += 1;
  return [h("pre", {}, h("code", {}, lines.slice(at + 1, end).join("\n"))), end + 1];
}

function heading(lines, at) {
  const [, marks, text] = HEADING.exec(lines[at]);
  // The page owns h1 and h2; a message's headings start below them.
  return [h(`h${Math.min(marks.length + 2, 6)}`, { class: `md-h md-h${marks.length}` }, markdownInline(text)), at + 1];
}

function quote(lines, at) {
  let end = at;
  while (end < lines.length && /^\s*(>|&gt;)/.test(lines[end])) end += 1;
  return [h("blockquote", {}, blocks(lines.slice(at, end).map((line) => line.replace(/^\s*(>|&gt;) ?/, "")))), end];
}

function paragraph(lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !READERS.slice(0, -1).some(([starts]) => starts(lines, end)))
    end += 1;
  return [h("p", {}, markdownInline(lines.slice(at, end).join("\n").trim())), end];
}

function isTable(lines, at) {
  return (
    at + 1 < lines.length &&
    lines[at].includes("|") &&
    lines[at].length < WIDEST &&
    lines[at + 1].includes("-") &&
    DIVIDER.test(lines[at + 1])
  );
}

function cells(line) {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function table(lines, at) {
  const head = cells(lines[at]);
  const align = cells(lines[at + 1]).map((cell) =>
    /^:-+:$/.test(cell) ? "center" : /-:$/.test(cell) ? "right" : "left",
  );
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const row = (line, tag) => {
    const texts = cells(line);
    return h(
      "tr",
      {},
      head.map((_, column) =>
        h(tag, { class: `align-${align[column] ?? "left"}` }, markdownInline(texts[column] ?? "")),
      ),
    );
  };
  const body = lines.slice(at + 2, end).map((line) => row(line, "td"));
  return [
    h(
      "div",
      { class: "table-scroll" },
      h("table", { class: "grid" }, h("thead", {}, row(lines[at], "th")), h("tbody", {}, body)),
    ),
    end,
  ];
}

/** A list with its nested lists: deeper indentation belongs to the item above. */
function list(lines, at) {
  const [, indent, marker] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(marker);
  const items = [];
  let index = at;
  while (index < lines.length) {
    const match = ITEM.exec(lines[index]);
    if (!match || match[1].length < indent.length || /\d/.test(match[2]) !== ordered) break;
    const own = [match[3]];
    index += 1;
    while (index < lines.length && belongs(lines, index, indent.length)) {
      own.push(lines[index].slice(Math.min(lines[index].search(/\S|$/), indent.length + 2)));
      index += 1;
    }
    items.push(item(own));
  }
  const start = Number.parseInt(marker, 10);
  return [h(ordered ? "ol" : "ul", ordered && start > 1 ? { start } : {}, items), index];
}

function belongs(lines, index, indent) {
  const line = lines[index];
  if (!line.trim()) return /^\s/.test(lines[index + 1] ?? "") && lines[index + 1].search(/\S/) > indent;
  return line.search(/\S/) > indent;
}

function item(lines) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(lines[0]);
  const head = task
    ? [
        h(
          "span",
          { class: "task-mark", role: "img", "aria-label": task[1] === " " ? "to do" : "done" },
          task[1] === " " ? "☐" : "☑",
        ),
        " ",
        ...markdownInline(task[2]),
      ]
    : markdownInline(lines[0]);
  return h("li", {}, head, blocks(lines.slice(1)));
}
