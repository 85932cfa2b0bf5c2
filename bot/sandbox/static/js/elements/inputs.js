/** Fields to type in: text, e-mail, address, number, rich text, and files. */

import { h } from "../dom.js";
import { act, entered, remembered } from "./state.js";

const KINDS = { plain_text_input: "text", email_text_input: "email", url_text_input: "url", number_input: "number" };

/** A one-line or many-line text field with its limits. */
export function textInput(data, place) {
  const field = h(data.multiline ? "textarea" : "input", {
    class: "field",
    type: data.multiline ? null : KINDS[data.type],
    rows: data.multiline ? 4 : null,
    id: place.fieldId ?? null,
    placeholder: data.placeholder?.text ?? null,
    maxlength: data.max_length ?? null,
    minlength: data.min_length ?? null,
    min: data.min_value ?? null,
    max: data.max_value ?? null,
    step: data.type === "number_input" ? (data.is_decimal_allowed ? "any" : 1) : null,
    autofocus: data.focus_on_load ?? false,
    "aria-label": place.fieldId ? null : (place.label ?? data.placeholder?.text ?? "Text"),
    "aria-describedby": place.describedBy ?? null,
    "data-action": data.action_id ?? "",
    value: remembered(data, place)?.value ?? data.initial_value ?? "",
  });
  const read = () => ({ value: field.value === "" ? null : field.value });
  const on = data.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  place.scope.values.seed(data, place, read());
  field.addEventListener("input", () => {
    entered(data, { ...place, input: true, dispatch: false }, read());
    if (speaks(place) && on.includes("on_character_entered")) act(data, place, read());
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !data.multiline && speaks(place) && on.includes("on_enter_pressed"))
      act(data, place, read());
  });
  return field;
}

function speaks(place) {
  return !place.input || place.dispatch;
}

/** Rich text is written as plain lines here and sent as one `rich_text` block, a section a line. */
export function richTextInput(data, place) {
  const field = h("textarea", {
    class: "field",
    rows: 4,
    id: place.fieldId ?? null,
    placeholder: data.placeholder?.text ?? null,
    "aria-label": place.fieldId ? null : (place.label ?? "Text"),
    "aria-describedby": place.describedBy ?? null,
    "data-action": data.action_id ?? "",
    value: plainText(remembered(data, place)?.rich_text_value ?? data.initial_value),
  });
  const read = () => ({ rich_text_value: field.value === "" ? null : richText(field.value) });
  place.scope.values.seed(data, place, read());
  field.addEventListener("input", () => entered(data, place, read()));
  return field;
}

function richText(text) {
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] };
}

function plainText(block) {
  return (block?.elements ?? [])
    .flatMap((part) => part.elements ?? [])
    .map((part) => part.text ?? "")
    .join("");
}

/** A file chooser; files stay in the browser, the sandbox has nowhere to keep them, and the form says so. */
export function fileInput(data, place) {
  place.scope.values.seed(data, place, { files: [] });
  return h(
    "div",
    { class: "file-field" },
    h("input", {
      class: "field",
      type: "file",
      id: place.fieldId ?? null,
      multiple: (data.max_files ?? 10) > 1,
      accept: (data.filetypes ?? []).map((ending) => `.${ending}`).join(",") || null,
      "data-action": data.action_id ?? "",
      onchange: (event) =>
        entered(data, place, { files: [...event.target.files].map((file) => ({ name: file.name, size: file.size })) }),
    }),
    h("small", { class: "hint" }, "The sandbox passes on the names of files, not their contents."),
  );
}
