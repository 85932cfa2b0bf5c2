/** An agent's progress: single task cards, and plans with several of them. */

import { h, icon } from "../dom.js";
import { redBox } from "../errors.js";
import { link } from "../links.js";
import { textObject } from "../mrkdwn.js";
import { richText } from "./rich_text.js";

const STATES = {
  pending: ["clock", "Waiting"],
  in_progress: ["refresh", "In progress"],
  complete: ["check", "Done"],
  error: ["alert", "Failed"],
};

function prose(data) {
  if (!data) return null;
  return typeof data === "string"
    ? h("div", { class: "prose" }, textObject({ type: "plain_text", text: data }))
    : richText(data);
}

function source(data) {
  if (data.type !== undefined && data.type !== "url") return redBox(`Unknown task source "${data.type}"`, data);
  return link(data.url, data.text ?? data.url, { class: "source" });
}

/** A step with its state, details, output and sources. */
export function taskCard(data) {
  const [glyph, words] = STATES[data.status] ?? STATES.pending;
  return h(
    "div",
    { class: `task task-${data.status}`, "data-testid": "task" },
    h("span", { class: "task-state", role: "img", "aria-label": words }, icon(glyph)),
    h(
      "div",
      { class: "task-body" },
      h("span", { class: "task-title" }, data.title),
      prose(data.details),
      prose(data.output),
      data.sources?.length ? h("div", { class: "sources" }, data.sources.map(source)) : null,
    ),
  );
}

/** A titled list of tasks that folds. */
export function plan(data) {
  const tasks = data.tasks ?? [];
  const done = tasks.filter((task) => task.status === "complete").length;
  return h(
    "details",
    { class: "plan", open: true, "data-testid": "plan" },
    h(
      "summary",
      {},
      icon("chevron"),
      h("span", {}, typeof data.title === "string" ? data.title : textObject(data.title)),
      h("small", {}, `${done} of ${tasks.length}`),
    ),
    tasks.map(taskCard),
  );
}
