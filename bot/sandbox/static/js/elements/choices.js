/** Checkboxes and radio buttons, with their descriptions. */

import { confirmFirst } from "../dialog.js";
import { h } from "../dom.js";
import { textObject } from "../mrkdwn.js";
import { entered, remembered } from "./state.js";

let groups = 0;

function choiceList(data, context, type, initial) {
  groups += 1;
  const name = `choice-${groups}`;
  const previous = remembered(data, context);
  const chosen = new Set(
    (previous ? (previous.selected_options ?? [previous.selected_option].filter(Boolean)) : initial).map(
      (option) => option.value,
    ),
  );
  const inputs = data.options.map((option) =>
    h("input", { type, name, value: option.value, checked: chosen.has(option.value) }),
  );
  const rows = data.options.map((option, index) =>
    h(
      "label",
      { class: "choice" },
      inputs[index],
      h(
        "span",
        {},
        textObject(option.text),
        option.description ? h("small", {}, textObject(option.description)) : null,
      ),
    ),
  );
  const selected = () => data.options.filter((_, index) => inputs[index].checked);
  const group = h(
    "div",
    {
      class: "choices",
      role: type === "radio" ? "radiogroup" : "group",
      "aria-label": context.label ?? "Choices",
      "data-action": data.action_id ?? "",
    },
    rows,
  );
  return { group, inputs, selected };
}

function onChange(data, context, inputs, report) {
  let before = inputs.map((input) => input.checked);
  for (const input of inputs) {
    input.addEventListener("change", async () => {
      if (data.confirm && !(await confirmFirst(data.confirm))) {
        inputs.forEach((box, index) => {
          box.checked = before[index];
        });
        return;
      }
      before = inputs.map((box) => box.checked);
      report();
    });
  }
}

/** Any number of options. */
export function checkboxes(data, context) {
  const { group, inputs, selected } = choiceList(data, context, "checkbox", data.initial_options ?? []);
  context.surface.values.seed(data, context, { selected_options: selected() });
  onChange(data, context, inputs, () => entered(data, context, { selected_options: selected() }));
  return group;
}

/** Exactly one option. */
export function radioButtons(data, context) {
  const { group, inputs, selected } = choiceList(
    data,
    context,
    "radio",
    data.initial_option ? [data.initial_option] : [],
  );
  context.surface.values.seed(data, context, { selected_option: selected()[0] ?? null });
  onChange(data, context, inputs, () => entered(data, context, { selected_option: selected()[0] ?? null }));
  return group;
}
