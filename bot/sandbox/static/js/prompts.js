/** The bot's suggested prompts; pressing one posts it. */

import { act } from "./api.js";
import { h, renew } from "./dom.js";
import { store } from "./store.js";

/** Draws a conversation's prompts into `host` if `fits()` returns true. */
export function drawPrompts(host, channel, thread, fits) {
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
                onclick: () => act("say", { channel, text: prompt.message, ...(thread ? { thread_ts: thread } : {}) }),
              },
              prompt.title,
            ),
          ),
        )
      : null,
  );
}
