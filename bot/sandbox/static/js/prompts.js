/** Suggested prompts; pressing one posts it, runs a command (`/beagle stats`) or opens a channel (`#leads`). */

import { act } from "./api.js";
import { h, renew } from "./dom.js";
import { openChannel } from "./location.js";
import { store } from "./store.js";

async function press(channel, thread, message, sent) {
  const place = { channel, ...(thread ? { thread_ts: thread } : {}) };
  const target = store.channels.find(({ name }) => message === `#${name}`);
  if (target) return openChannel(target.id);
  const command = /^(\/\w+)(?:\s+(.*))?$/.exec(message);
  if (command) return act("slash", { ...place, command: command[1], text: command[2] ?? "" });
  const answer = await act("say", { ...place, text: message });
  return sent?.(answer?.ts);
}

/** Draws a conversation's prompts into `host` if `fits()` returns true; `sent` gets the ts of what was posted. */
export function drawPrompts(host, channel, thread, fits, sent = null) {
  const offer = store.promptsFor(channel, thread);
  const visible = offer?.prompts.length && fits() ? offer : null;
  renew(host, [channel, thread, visible, store.me], () =>
    visible
      ? h(
          "div",
          { class: "prompts", role: "group", "aria-label": visible.title || "Suggestions", "data-testid": "prompts" },
          visible.title ? h("span", { class: "prompts-title" }, visible.title) : null,
          visible.prompts.map((prompt) =>
            h(
              "button",
              {
                class: "prompt",
                type: "button",
                "data-testid": "prompt",
                title: prompt.message,
                onclick: () => press(channel, thread, prompt.message, sent),
              },
              prompt.title,
            ),
          ),
        )
      : null,
  );
}
