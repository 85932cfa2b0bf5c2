/** Date and time pickers, using the browser's own. */

import { confirmFirst } from "../dialog.js";
import { h } from "../dom.js";
import { entered, remembered } from "./state.js";

function picker(data, context, { type, field, initial, parse, format }) {
  const previous = remembered(data, context);
  const start = previous ? previous[field] : (initial ?? null);
  const control = h("input", {
    class: "field field-inline",
    type,
    id: context.fieldId ?? null,
    value: start === null ? "" : format(start),
    "aria-label": context.fieldId ? null : (context.label ?? data.placeholder?.text ?? type),
    "aria-describedby": context.describedBy ?? null,
    "data-action": data.action_id ?? "",
  });
  const read = () => ({ [field]: control.value === "" ? null : parse(control.value) });
  context.surface.values.seed(data, context, read());
  control.addEventListener("change", async () => {
    if (data.confirm && !(await confirmFirst(data.confirm))) return;
    entered(data, context, read());
  });
  return control;
}

const same = (value) => value;

/** YYYY-MM-DD */
export function datePicker(data, context) {
  return picker(data, context, {
    type: "date",
    field: "selected_date",
    initial: data.initial_date,
    parse: same,
    format: same,
  });
}

/** HH:MM */
export function timePicker(data, context) {
  return picker(data, context, {
    type: "time",
    field: "selected_time",
    initial: data.initial_time,
    parse: same,
    format: same,
  });
}

/** Unix seconds, shown in the reader's own zone. */
export function dateTimePicker(data, context) {
  return picker(data, context, {
    type: "datetime-local",
    field: "selected_date_time",
    initial: data.initial_date_time,
    parse: (text) => Math.floor(new Date(text).getTime() / 1000),
    format: (seconds) => {
      const date = new Date(seconds * 1000);
      return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    },
  });
}
