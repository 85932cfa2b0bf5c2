/** `table`: rows of plain, numeric and rich cells with alignment per column. */

import { h } from "../dom.js";
import { redBox } from "../errors.js";
import { plain } from "../mrkdwn.js";
import { richText } from "./rich_text.js";

/** One table cell's content. */
export function cell(data) {
  if (data?.type === "raw_text") return plain(data.text);
  if (data?.type === "raw_number") return [document.createTextNode(number(data))];
  if (data?.type === "rich_text") return [richText(data)];
  return [redBox(`Unknown table cell "${data?.type}"`, data)];
}

function number(data) {
  return data.text ?? new Intl.NumberFormat().format(data.value ?? data.number);
}

function classes(settings, data) {
  const align = settings?.align ?? (data?.type === "raw_number" ? "right" : "left");
  return `align-${align}${settings?.is_wrapped ? " wrapped" : ""}`;
}

/** The first row is the header, as Slack draws it. */
export function table(data) {
  const settings = data.column_settings ?? [];
  const row = (cells, tag) =>
    h(
      "tr",
      {},
      cells.map((item, column) =>
        h(tag, { class: classes(settings[column], item), scope: tag === "th" ? "col" : null }, cell(item)),
      ),
    );
  const [head, ...body] = data.rows;
  return h(
    "div",
    { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Table" },
    h(
      "table",
      { class: "grid" },
      h("thead", {}, row(head, "th")),
      h(
        "tbody",
        {},
        body.map((cells) => row(cells, "td")),
      ),
    ),
  );
}
