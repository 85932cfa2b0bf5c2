/** What a person has entered on one surface, in the shape Slack sends back as `state.values`. */

/** Keeps an element's value for the form, and tells the bot at once where Slack would. */
export function entered(data, place, fields) {
  place.scope.values.put(place.blockId, data.action_id, { type: data.type, ...fields });
  if (!place.input || place.dispatch) act(data, place, fields);
}

/** Sends one interaction of this element; the answer comes back through the event stream. */
export function act(data, place, fields = {}) {
  return place.scope.act({ type: data.type, action_id: data.action_id, block_id: place.blockId, ...fields });
}

/** The value entered here before, or null: a block that is drawn anew shows what the person had chosen. */
export function remembered(data, place) {
  return place.scope.values.get(place.blockId, data.action_id);
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
  seed(data, place, fields) {
    if (!this.get(place.blockId, data.action_id))
      this.put(place.blockId, data.action_id, { type: data.type, ...fields });
  }
}
