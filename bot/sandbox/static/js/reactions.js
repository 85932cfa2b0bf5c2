/** Reactions under a message, and the small menu to add one. */

import { act } from "./api.js";
import { h, icon } from "./dom.js";
import { EMOJI, QUICK, emoji } from "./emoji.js";
import { openMenu } from "./menu.js";
import { nameOf } from "./people.js";
import { store } from "./store.js";

/** Adds the reader's reaction, or takes it back. */
export function toggle(channel, message, name) {
  const current = store.message(channel, message.ts) ?? message;
  const mine = current.reactions?.find((reaction) => reaction.name === name)?.users.includes(store.me);
  return act("react", { channel, ts: message.ts, name, remove: mine === true });
}

/** Opens the choice of quick reactions at `anchor`. */
export function pick(anchor, channel, message) {
  openMenu(
    anchor,
    QUICK.map((name) => ({
      label: [emoji(name), ` ${name.replaceAll("_", " ")}`],
      testId: `react-${name}`,
      choose: () => toggle(channel, message, name),
    })),
    "Add a reaction",
  );
}

/** The row of reactions, or null when there are none. */
export function reactionRow(channel, message) {
  if (!message.reactions?.length) return null;
  return h(
    "div",
    { class: "reactions", "data-testid": "reactions" },
    message.reactions.map((reaction) => {
      const mine = reaction.users.includes(store.me);
      const who = reaction.users.map(nameOf).join(", ");
      return h(
        "button",
        {
          class: "reaction",
          type: "button",
          "data-testid": `reaction-${reaction.name}`,
          "aria-pressed": String(mine),
          title: `${who} reacted with :${reaction.name}:`,
          "aria-label": `${reaction.name.replaceAll("_", " ")}, ${reaction.users.length}, ${who}`,
          onclick: () => toggle(channel, message, reaction.name),
        },
        EMOJI[reaction.name] ? emoji(reaction.name) : `:${reaction.name}:`,
        h("span", {}, String(reaction.users.length)),
      );
    }),
    h(
      "button",
      {
        class: "reaction",
        type: "button",
        "aria-label": "Add a reaction",
        onclick: (event) => pick(event.currentTarget, channel, message),
      },
      icon("smile"),
      icon("plus"),
    ),
  );
}
