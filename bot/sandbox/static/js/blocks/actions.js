/** Rows of elements: `actions`, and `context_actions` under an answer. */

import { h } from "../dom.js";
import { element } from "../elements/index.js";

/** Up to 25 buttons, menus and pickers. */
export function actions(data, surface) {
  return h(
    "div",
    { class: "block-actions" },
    data.elements.map((item) => element(item, { surface, blockId: data.block_id, input: false })),
  );
}

/** Feedback and icon buttons, quieter than actions. */
export function contextActions(data, surface) {
  return h(
    "div",
    { class: "block-context-actions" },
    data.elements.map((item) => element(item, { surface, blockId: data.block_id, input: false })),
  );
}
