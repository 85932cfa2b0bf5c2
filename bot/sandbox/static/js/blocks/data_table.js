/** `data_table`: a table that sorts by its columns and turns pages. */

import { h, icon, keepFocus } from "../dom.js";
import { cell } from "./table.js";

/** What a cell sorts by: numbers as numbers, everything else as text. */
function key(data) {
  if (data.type === "raw_number") return Number(data.value ?? data.number ?? data.text);
  if (data.type === "raw_text") return data.text;
  return JSON.stringify(data.elements ?? "").replace(/"type":"[^"]*"/g, "");
}

function compare(a, b) {
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), undefined, { numeric: true });
}

/** The header row holds sort buttons; `page_size` rows (default 5) are shown at a time. */
export function dataTable(data) {
  const [head, ...rows] = data.rows;
  const size = data.page_size ?? 5;
  const state = { page: 0, column: null, up: true };
  const host = h("div", { class: "data-table" });
  const draw = () =>
    keepFocus(host, () => host.replaceChildren(...view(data, head, sorted(rows, state), size, state, draw)));
  draw();
  return host;
}

function sorted(rows, { column, up }) {
  if (column === null) return rows;
  const ordered = [...rows].sort((a, b) => compare(key(a[column]), key(b[column])));
  return up ? ordered : ordered.reverse();
}

function headCell(item, column, state, draw) {
  const active = state.column === column;
  const sort = () => {
    Object.assign(state, { column, up: active ? !state.up : true, page: 0 });
    draw();
  };
  return h(
    "th",
    { scope: "col", "aria-sort": active ? (state.up ? "ascending" : "descending") : null },
    h(
      "button",
      { type: "button", class: "sort-button", "data-testid": `sort-${column}`, onclick: sort },
      cell(item),
      h("span", { "aria-hidden": "true" }, active ? (state.up ? " ↑" : " ↓") : ""),
    ),
  );
}

function view(data, head, rows, size, state, draw) {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const pageRows = rows.slice(state.page * size, (state.page + 1) * size);
  const headerColumn = data.row_header_column_index ?? 0;
  const bodyRow = (cells) =>
    h(
      "tr",
      {},
      cells.map((item, column) =>
        h(
          column === headerColumn ? "th" : "td",
          {
            class: `align-${item.type === "raw_number" ? "right" : "left"}`,
            scope: column === headerColumn ? "row" : null,
          },
          cell(item),
        ),
      ),
    );
  const turn = (step, label, glyph) =>
    h(
      "button",
      {
        type: "button",
        class: "quiet-button",
        "data-testid": step < 0 ? "page-previous" : "page-next",
        "aria-label": label,
        disabled: step < 0 ? state.page === 0 : state.page >= pages - 1,
        onclick: () => {
          state.page += step;
          draw();
        },
      },
      icon(glyph),
    );
  return [
    h(
      "div",
      { class: "table-scroll", tabindex: 0, role: "region", "aria-label": data.caption },
      h(
        "table",
        { class: "grid" },
        h("caption", {}, data.caption),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            head.map((item, column) => headCell(item, column, state, draw)),
          ),
        ),
        h("tbody", {}, pageRows.map(bodyRow)),
      ),
    ),
    pages > 1
      ? h(
          "div",
          { class: "pager" },
          turn(-1, "Previous page", "back"),
          h("span", {}, `${state.page + 1} / ${pages}`),
          turn(1, "Next page", "chevron"),
        )
      : null,
  ].filter(Boolean);
}
