/** The surface that blocks are drawn on: its reader, the entered values, and how to send an action. */

import { act } from "./api.js";
import { Values } from "./elements/state.js";
import { store } from "./store.js";

const valuesBySurface = new Map();

/** The values that the reader entered on one surface, kept while the page is open. */
function valuesOf(key) {
  const own = `${store.me}|${key}`;
  if (!valuesBySurface.has(own)) valuesBySurface.set(own, new Values());
  return valuesBySurface.get(own);
}

/** The plain value of an element's state: what was typed or picked, or the values of the options. */
function plainValue(state) {
  const field = Object.keys(state).find(
    (name) => ["value", "rich_text_value", "files"].includes(name) || name.startsWith("selected_"),
  );
  const value = field === undefined ? null : state[field];
  if (field === "rich_text_value") return value;
  if (Array.isArray(value)) return value.map((item) => item?.value ?? item?.name ?? item);
  return value?.value ?? value;
}

/** The block id and action id of every element of a view, including nested ones. */
function elementKeys(blocks) {
  return (blocks ?? []).flatMap((block) => [
    ...[block.element, block.accessory, ...(block.elements ?? []), ...(block.actions ?? [])]
      .filter((item) => item?.action_id)
      .map((item) => [block.block_id, item.action_id]),
    ...elementKeys(block.child_blocks),
    ...elementKeys(block.type === "carousel" ? block.elements : []),
  ]);
}

/** The values of a view's current fields, as `{block_id: {action_id: value}}`. */
export function viewValues(view, values) {
  const entered = {};
  for (const [block, action] of elementKeys(view.blocks)) {
    const state = values.get(block, action);
    if (state) (entered[block] ??= {})[action] = plainValue(state);
  }
  return entered;
}

function createSurface(key, kind, send) {
  const values = valuesOf(key);
  return {
    kind,
    values,
    reader: store.me,
    errors: {},
    act: (action) => send({ action_id: action.action_id, block_id: action.block_id, value: plainValue(action) }, values),
  };
}

/** The surface of one message. */
export function messageSurface(channel, message) {
  return createSurface(`message ${channel} ${message.ts}`, "message", (action) =>
    act("click", { channel, ts: message.ts, ...action }),
  );
}

/** The surface of a view: a modal or the App Home. `current()` returns the view as it is shown now. */
export function viewSurface(kind, current) {
  const { id } = current();
  return createSurface(`view ${id}`, kind, (action, values) =>
    act("click_view", { view_id: id, values: viewValues(current(), values), ...action }),
  );
}
