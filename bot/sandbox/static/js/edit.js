/** Inline editing of the reader's own message: Enter saves, Escape cancels. */

import { act } from "./api.js";
import { h } from "./dom.js";
import { readable, written } from "./mentions.js";
import { unescape } from "./mrkdwn.js";

/** Swaps the message's content for a field until the edit is saved or left. */
export function editInPlace(node, channel, message) {
  const field = h("textarea", {
    class: "field",
    rows: 2,
    "aria-label": "Edit message",
    "data-testid": "edit-field",
    value: unescape(readable(message.text ?? "")),
  });
  const leave = () => {
    node.classList.remove("editing");
    form.remove();
    node.focus();
  };
  const save = async () => {
    if (!field.value.trim()) return;
    if (await act("edit", { channel, ts: message.ts, text: written(field.value) })) leave();
  };
  const form = h(
    "div",
    { class: "edit-form" },
    field,
    h(
      "div",
      { class: "block-actions" },
      h(
        "button",
        { class: "button button-primary", type: "button", "data-testid": "save-edit", onclick: save },
        "Save",
      ),
      h("button", { class: "button", type: "button", onclick: leave }, "Cancel"),
    ),
  );
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      save();
    }
    if (event.key === "Escape") {
      event.stopPropagation();
      leave();
    }
  });
  node.classList.add("editing");
  node.content.after(form);
  field.focus();
}
