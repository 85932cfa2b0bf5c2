/** The prompts a bot suggests: one press says them. */

import { act } from "./api.js";
import { h, renew } from "./dom.js";
import { store } from "./store.js";

/** Puts the offer for one conversation into `host`, where `fits()` says there is a place for it. */
export function drawPrompts(host, channel, thread, fits) {
  const offer = store.promptsFor(channel, thread);
  const shown = offer?.prompts.length && fits() ? offer : null;
  renew(host, [channel, thread, shown, store.me], () =>
    shown
      ? h(
          "div",
          { class: "prompts", role: "group", "aria-label": shown.title || "Suggestions", "data-testid": "prompts" },
          shown.title ? h("span", { class: "prompts-title" }, shown.title) : null,
          shown.prompts.map((prompt) =>
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
