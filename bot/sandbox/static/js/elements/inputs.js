/** Input fields: text, e-mail, URL, number, rich text and files. */

import { h } from "../dom.js";
import { act, entered, remembered } from "./state.js";

const KINDS = { plain_text_input: "text", email_text_input: "email", url_text_input: "url", number_input: "number" };

/** A one-line or many-line text field with its limits. */
export function textInput(data, context) {
  const field = h(data.multiline ? "textarea" : "input", {
    class: "field",
    type: data.multiline ? null : KINDS[data.type],
    rows: data.multiline ? 4 : null,
    id: context.fieldId ?? null,
    placeholder: data.placeholder?.text ?? null,
    maxlength: data.max_length ?? null,
    minlength: data.min_length ?? null,
    min: data.min_value ?? null,
    max: data.max_value ?? null,
    step: data.type === "number_input" ? (data.is_decimal_allowed ? "any" : 1) : null,
    autofocus: data.focus_on_load ?? false,
    "aria-label": context.fieldId ? null : (context.label ?? data.placeholder?.text ?? "Text"),
    "aria-describedby": context.describedBy ?? null,
    "data-action": data.action_id ?? "",
    value: remembered(data, context)?.value ?? data.initial_value ?? "",
  });
  const read = () => ({ value: field.value === "" ? null : field.value });
  const on = data.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  context.surface.values.seed(data, context, read());
  field.addEventListener("input", () => {
    entered(data, { ...context, input: true, dispatch: false }, read());
    if (speaks(context) && on.includes("on_character_entered")) act(data, context, read());
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !data.multiline && speaks(context) && on.includes("on_enter_pressed"))
      act(data, context, read());
  });
  return field;
}

function speaks(context) {
  return !context.input || context.dispatch;
}

/** Rich text is written as plain lines here and sent as one `rich_text` block, a section a line. */
export function richTextInput(data, context) {
  const field = h("textarea", {
    class: "field",
    rows: 4,
    id: context.fieldId ?? null,
    placeholder: data.placeholder?.text ?? null,
    "aria-label": context.fieldId ? null : (context.label ?? "Text"),
    "aria-describedby": context.describedBy ?? null,
    "data-action": data.action_id ?? "",
    value: plainText(remembered(data, context)?.rich_text_value ?? data.initial_value),
  });
  const read = () => ({ rich_text_value: field.value === "" ? null : richText(field.value) });
  context.surface.values.seed(data, context, read());
  field.addEventListener("input", () => entered(data, context, read()));
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
export function fileInput(data, context) {
  context.surface.values.seed(data, context, { files: [] });
  return h(
    "div",
    { class: "file-field" },
    h("input", {
      class: "field",
      type: "file",
      id: context.fieldId ?? null,
      multiple: (data.max_files ?? 10) > 1,
      accept: (data.filetypes ?? []).map((ending) => `.${ending}`).join(",") || null,
      "data-action": data.action_id ?? "",
      onchange: (event) =>
        entered(data, context, { files: [...event.target.files].map((file) => ({ name: file.name, size: file.size })) }),
    }),
    h("small", { class: "hint" }, "The sandbox passes on the names of files, not their contents."),
  );
}
