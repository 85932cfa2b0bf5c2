/** Single and multi-selects over static options, users, conversations or channels. */

import { confirmFirst } from "../dialog.js";
import { h, icon } from "../dom.js";
import { redBox } from "../errors.js";
import { store } from "../store.js";
import { entered, remembered } from "./state.js";

const people = () => store.users.map((user) => ({ id: user.id, label: user.name }));
const channels = () =>
  store.channels
    .filter((channel) => channel.kind !== "im")
    .map((channel) => ({ id: channel.id, label: `#${channel.name}` }));
/** As Slack's `filter` of a conversations select: kinds to include, and whether chats with apps are left out. */
function conversations(data) {
  const { include, exclude_bot_users: noBots } = data.filter ?? {};
  const wanted = (kind) => !include || include.includes(kind);
  const chats = store.channels
    .filter((channel) => channel.kind === "im" && wanted("im") && !(noBots && channel.user === store.botId))
    .map((channel) => ({ id: channel.id, label: store.title(channel) }));
  const named = store.channels
    .filter((channel) => channel.kind !== "im" && wanted(channel.kind === "private" ? "private" : "public"))
    .map((channel) => ({ id: channel.id, label: `#${channel.name}` }));
  return [...named, ...chats];
}

/** By the word in the element's type: what can be chosen, and the names of the fields Slack sends back. */
const SOURCES = {
  users: { one: "selected_user", many: "selected_users", initial: "initial_user", all: people },
  conversations: {
    one: "selected_conversation",
    many: "selected_conversations",
    initial: "initial_conversation",
    all: conversations,
  },
  channels: { one: "selected_channel", many: "selected_channels", initial: "initial_channel", all: channels },
};

/** A select's options in one shape: `{groups: [{label, choices: [{id, label, value}]}]}`; `value` is what is sent. */
function source(data) {
  const named = Object.keys(SOURCES).find((name) => data.type.includes(name));
  if (named) {
    const choices = SOURCES[named].all(data).map(({ id, label }) => ({ id, label, value: id }));
    return { ...SOURCES[named], groups: [{ label: null, choices }], idOf: (value) => value, known: true };
  }
  const toChoice = (option) => ({
    id: option.value,
    label: option.text.text,
    detail: option.description?.text,
    value: option,
  });
  const groups = data.option_groups
    ? data.option_groups.map((group) => ({ label: group.label.text, choices: group.options.map(toChoice) }))
    : [{ label: null, choices: (data.options ?? []).map(toChoice) }];
  const known = !data.type.includes("external");
  return {
    one: "selected_option",
    many: "selected_options",
    initial: "initial_option",
    groups,
    idOf: (option) => option.value,
    known,
  };
}

/** One choice, with the browser's own menu, which works with keyboard, screen reader and thumb alike. */
export function singleSelect(data, context) {
  const from = source(data);
  if (!from.known) return redBox(`"${data.type}" needs options from the app, which the sandbox does not ask for`, data);
  const previous = remembered(data, context);
  const value = previous ? previous[from.one] : (data[from.initial] ?? null);
  const choices = from.groups.flatMap((group) => group.choices);
  const option = (choice) =>
    h("option", { value: choice.id }, choice.detail ? `${choice.label} – ${choice.detail}` : choice.label);
  const menu = h(
    "select",
    {
      class: "field field-inline",
      id: context.fieldId ?? null,
      "aria-label": context.fieldId ? null : (context.label ?? data.placeholder?.text ?? "Choose"),
      "aria-describedby": context.describedBy ?? null,
      "data-action": data.action_id ?? "",
      "data-testid": "block-select",
      value: value === null ? "" : from.idOf(value),
    },
    h("option", { value: "", disabled: !context.optional }, data.placeholder?.text ?? "Choose…"),
    from.groups.map((group) =>
      group.label ? h("optgroup", { label: group.label }, group.choices.map(option)) : group.choices.map(option),
    ),
  );
  const read = () => ({ [from.one]: choices.find((choice) => choice.id === menu.value)?.value ?? null });
  context.surface.values.seed(data, context, read());
  let before = menu.value;
  menu.addEventListener("change", async () => {
    if (data.confirm && !(await confirmFirst(data.confirm))) {
      menu.value = before;
      return;
    }
    before = menu.value;
    entered(data, context, read());
  });
  return menu;
}

/** Several choices: a button that says what is chosen, opening onto check boxes. */
export function multiSelect(data, context) {
  const from = source(data);
  if (!from.known) return redBox(`"${data.type}" needs options from the app, which the sandbox does not ask for`, data);
  const start = remembered(data, context)?.[from.many] ?? data[`${from.initial}s`] ?? [];
  const chosen = new Set(start.map(from.idOf));
  const choices = from.groups.flatMap((group) => group.choices);
  const summary = h("summary", { class: "field", "aria-label": context.label ?? null });
  const read = () => ({ [from.many]: choices.filter((choice) => chosen.has(choice.id)).map((choice) => choice.value) });
  const describe = () => {
    const names = choices.filter((choice) => chosen.has(choice.id)).map((choice) => choice.label);
    summary.replaceChildren(names.join(", ") || data.placeholder?.text || "Choose…", icon("chevron"));
  };
  const toggle = (choice, box) => {
    if (box.checked && data.max_selected_items && chosen.size >= data.max_selected_items) {
      box.checked = false;
      return;
    }
    if (box.checked) chosen.add(choice.id);
    else chosen.delete(choice.id);
    describe();
    entered(data, context, read());
  };
  const row = (choice) =>
    h(
      "label",
      { class: "choice" },
      h("input", {
        type: "checkbox",
        checked: chosen.has(choice.id),
        onchange: (event) => toggle(choice, event.target),
      }),
      h("span", {}, choice.label),
    );
  describe();
  context.surface.values.seed(data, context, read());
  return h(
    "details",
    { class: "multi-select", "data-action": data.action_id ?? "" },
    summary,
    h(
      "div",
      { class: "choices multi-options" },
      from.groups.map((group) => [group.label ? h("strong", {}, group.label) : null, group.choices.map(row)]),
    ),
  );
}
