/** The values that a user entered on one surface, in the shape of Slack's `state.values`. */

/** Keeps an element's value for the form, and tells the bot at once where Slack would. */
export function entered(data, context, fields) {
  context.surface.values.put(context.blockId, data.action_id, { type: data.type, ...fields });
  if (!context.input || context.dispatch) act(data, context, fields);
}

/** Sends one interaction of this element; the answer comes back through the event stream. */
export function act(data, context, fields = {}) {
  return context.surface.act({ type: data.type, action_id: data.action_id, block_id: context.blockId, ...fields });
}

/** The value entered here before, or null: a block that is drawn anew shows what the person had chosen. */
export function remembered(data, context) {
  return context.surface.values.get(context.blockId, data.action_id);
}

/** Two-level map from block id and action id to the state of one element. */
export class Values {
  constructor() {
    this.blocks = Object.create(null);
  }

  put(blockId, actionId, state) {
    (this.blocks[blockId] ??= Object.create(null))[actionId] = state;
  }

  get(blockId, actionId) {
    return this.blocks[blockId]?.[actionId] ?? null;
  }

  /** Notes a starting value without telling anybody, unless something was entered already. */
  seed(data, context, fields) {
    if (!this.get(context.blockId, data.action_id))
      this.put(context.blockId, data.action_id, { type: data.type, ...fields });
  }
}
