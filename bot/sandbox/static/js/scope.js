/** What a block needs to know about the surface it stands on: who reads, what was entered, how to act. */

import { act } from "./api.js";
import { Values } from "./elements/state.js";
import { store } from "./store.js";

const entered = new Map();

/** What the present reader entered on one surface, kept while the page is open. */
function valuesOf(key) {
  const own = `${store.me}|${key}`;
  if (!entered.has(own)) entered.set(own, new Values());
  return entered.get(own);
}

/** The bare value behind an element's state: what was typed or picked, or the values of the options chosen. */
function bare(state) {
  const field = Object.keys(state).find(
    (name) => ["value", "rich_text_value", "files"].includes(name) || name.startsWith("selected_"),
  );
  const value = field === undefined ? null : state[field];
  if (field === "rich_text_value") return value;
  if (Array.isArray(value)) return value.map((one) => one?.value ?? one?.name ?? one);
  return value?.value ?? value;
}

/** The block id and action id of every element of a view, wherever it is nested. */
function places(blocks) {
  return (blocks ?? []).flatMap((block) => [
    ...[block.element, block.accessory, ...(block.elements ?? []), ...(block.actions ?? [])]
      .filter((one) => one?.action_id)
      .map((one) => [block.block_id, one.action_id]),
    ...places(block.child_blocks),
    ...places(block.type === "carousel" ? block.elements : []),
  ]);
}

/** The values of a view's fields as it is now: `{block_id: {action_id: value}}`; fields it no longer has are left out. */
export function viewValues(view, values) {
  const kept = {};
  for (const [block, action] of places(view.blocks)) {
    const state = values.get(block, action);
    if (state) (kept[block] ??= {})[action] = bare(state);
  }
  return kept;
}

function scope(key, surface, send) {
  const values = valuesOf(key);
  return {
    surface,
    values,
    reader: store.me,
    errors: {},
    act: (action) => send({ action_id: action.action_id, block_id: action.block_id, value: bare(action) }, values),
  };
}

/** The surface of one message. */
export function messageScope(channel, message) {
  return scope(`message ${channel} ${message.ts}`, "message", (action) =>
    act("click", { channel, ts: message.ts, ...action }),
  );
}

/** The surface of one view: an open modal, or the reader's App Home. `current()` is the view as it is shown now. */
export function viewScope(surface, current) {
  const { id } = current();
  return scope(`view ${id}`, surface, (action, values) =>
    act("click_view", { view_id: id, values: viewValues(current(), values), ...action }),
  );
}
