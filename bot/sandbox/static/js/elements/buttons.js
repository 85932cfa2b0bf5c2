/** Elements that send an action at once: button, icon button, feedback buttons, overflow menu. */

import { confirmFirst } from "../dialog.js";
import { h, hasIcon, icon, keepFocus } from "../dom.js";
import { safeUrl } from "../links.js";
import { openMenu } from "../menu.js";
import { textObject } from "../mrkdwn.js";
import { store } from "../store.js";
import { act, remembered } from "./state.js";

function hiddenFrom(data) {
  return Array.isArray(data.visible_to_user_ids) && !data.visible_to_user_ids.includes(store.me);
}

/** Runs an action once, with the control shut until the server has answered. */
async function press(control, data, context, fields) {
  if (data.confirm && !(await confirmFirst(data.confirm))) return;
  control.setAttribute("aria-busy", "true");
  await act(data, context, fields);
  control.removeAttribute("aria-busy");
}

/** A button; one with a `url` opens it in a new tab as well. Nothing where it is not for this reader. */
export function button(data, context) {
  if (hiddenFrom(data)) return null;
  const style = data.style === "primary" || data.style === "danger" ? ` button-${data.style}` : "";
  const properties = {
    class: `button${style}`,
    "aria-label": data.accessibility_label ?? null,
    "data-action": data.action_id ?? "",
    "data-testid": "block-button",
  };
  const fields = data.value === undefined ? {} : { value: data.value };
  const href = data.url ? safeUrl(data.url) : null;
  if (href) {
    return h(
      "a",
      { ...properties, href, target: "_blank", rel: "noopener noreferrer", onclick: () => act(data, context, fields) },
      textObject(data.text),
      icon("link"),
    );
  }
  return h(
    "button",
    { ...properties, type: "button", onclick: (event) => press(event.currentTarget, data, context, fields) },
    textObject(data.text),
  );
}

/** A workflow's button: shown, but workflows do not run here. */
export function workflowButton(data) {
  return h(
    "button",
    { class: "button", type: "button", disabled: true, title: "Workflows do not run in the sandbox" },
    textObject(data.text),
  );
}

/** Slack's icon names that differ from the page's own. */
const ICON_NAMES = {
  trash: "trash",
  info: "info",
  route: "shuffle",
  why: "question",
  question: "question",
  "thumbs-up": "up",
  "thumbs-down": "down",
};

/** A small quiet button with an icon and its text. */
export function iconButton(data, context) {
  if (hiddenFrom(data)) return null;
  const name = ICON_NAMES[data.icon] ?? data.icon;
  return h(
    "button",
    {
      class: "quiet-button",
      type: "button",
      "aria-label": data.accessibility_label ?? null,
      "data-action": data.action_id ?? "",
      "data-testid": "icon-button",
      onclick: (event) =>
        press(event.currentTarget, data, context, data.value === undefined ? {} : { value: data.value }),
    },
    hasIcon(name) ? icon(name) : null,
    h("span", {}, textObject(data.text)),
  );
}

/** Thumbs: a toggle that sends every change; taking a vote back changes only the picture, as in Slack. */
export function feedbackButtons(data, context) {
  const group = h("span", { class: "feedback", role: "group", "aria-label": "Was this helpful?" });
  const draw = () => {
    const chosen = remembered(data, context)?.chosen ?? null;
    keepFocus(group, () =>
      group.replaceChildren(thumb(data, context, "positive", chosen, draw), thumb(data, context, "negative", chosen, draw)),
    );
  };
  draw();
  return group;
}

function thumb(data, context, side, chosen, draw) {
  const spec = data[`${side}_button`];
  const pressed = chosen === side;
  return h(
    "button",
    {
      class: "quiet-button",
      type: "button",
      "aria-pressed": String(pressed),
      "aria-label": spec.accessibility_label ?? null,
      "data-testid": `feedback-${side}`,
      onclick: () => {
        context.surface.values.put(context.blockId, data.action_id, { type: data.type, chosen: pressed ? null : side });
        draw();
        if (!pressed) act(data, context, { value: spec.value });
      },
    },
    icon(side === "positive" ? "up" : "down"),
    h("span", {}, textObject(spec.text)),
  );
}

/** A "…" menu; an option with a `url` opens it in a new tab. */
export function overflow(data, context) {
  const items = data.options.map((option) => ({
    label: textObject(option.text),
    detail: option.description?.text,
    url: option.url,
    testId: "overflow-option",
    choose: () => act(data, context, { selected_option: option }),
  }));
  const choose = async (item) => {
    if (!data.confirm || (await confirmFirst(data.confirm))) await item.choose();
  };
  return h(
    "button",
    {
      class: "button button-square",
      type: "button",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      "data-testid": "overflow",
      "data-action": data.action_id ?? "",
      onclick: (event) =>
        openMenu(
          event.currentTarget,
          items.map((item) => ({ ...item, choose: () => choose(item) })),
        ),
    },
    icon("more"),
  );
}
