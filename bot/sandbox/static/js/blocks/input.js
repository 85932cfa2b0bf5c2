/** An input block: a labelled field with its hint and error. */

import { h } from "../dom.js";
import { element } from "../elements/index.js";
import { plain, textObject } from "../mrkdwn.js";

let fields = 0;

/** One field of a form; `surface.errors[block_id]` is shown under it. */
export function input(data, surface) {
  fields += 1;
  const id = `field-${fields}`;
  const error = surface.errors?.[data.block_id];
  const describedBy = [data.hint ? `${id}-hint` : null, error ? `${id}-error` : null].filter(Boolean).join(" ") || null;
  const own = ["checkboxes", "radio_buttons"].includes(data.element?.type) || data.element?.type?.startsWith("multi_");
  const context = {
    surface,
    blockId: data.block_id,
    input: true,
    dispatch: data.dispatch_action === true,
    label: data.label.text,
    fieldId: own ? null : id,
    describedBy,
    optional: data.optional === true,
  };
  return h(
    "div",
    { class: error ? "block-input has-error" : "block-input" },
    h(
      own ? "div" : "label",
      { class: "field-label", for: own ? null : id },
      textObject(data.label),
      data.optional ? h("span", { class: "optional" }, " (optional)") : null,
    ),
    element(data.element, context),
    error
      ? h("p", { class: "field-error", id: `${id}-error`, role: "alert", "data-testid": "field-error" }, plain(error))
      : null,
    data.hint ? h("p", { class: "hint", id: `${id}-hint` }, textObject(data.hint)) : null,
  );
}
