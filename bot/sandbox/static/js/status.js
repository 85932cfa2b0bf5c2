/** The bot's status line ("Beagle is reading the handbook…"), with a Stop button if it can be stopped. */

import { act } from "./api.js";
import { h, icon, renew } from "./dom.js";
import { nameOf } from "./people.js";
import { store } from "./store.js";

const TURN_MS = 2500;

/** The text of the moment: the status, or the loading messages in turn. */
export function words(status) {
  const turns = status.messages?.length ? status.messages : [status.text];
  return turns[Math.floor(Date.now() / TURN_MS) % turns.length];
}

/** The line of one thread, or null if the bot does nothing there. */
export function statusLine(channel, thread) {
  const status = store.status(channel, thread);
  const working = store.working(channel, thread);
  if (!status && !working) return null;
  const text = status ? words(status) : "is working…";
  return h(
    "div",
    { class: "status-line", role: "status", "data-testid": "status-line" },
    h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    h("span", { class: "status-words" }, /^(is|was|has) /.test(text) ? `${nameOf(store.botId)} ${text}` : text),
    working
      ? h(
          "button",
          {
            class: "stop-button",
            type: "button",
            "data-testid": "stop",
            onclick: (event) => stop(event.currentTarget, channel, thread),
          },
          icon("stop"),
          "Stop",
        )
      : null,
  );
}

function stop(button, channel, thread) {
  button.disabled = true;
  act("stop", { channel, thread_ts: thread });
}

/** Draws a thread's line into `host`, only when its text changes. */
export function drawStatus(host, channel, thread) {
  const status = store.status(channel, thread);
  renew(host, [channel, thread, status ? words(status) : null, store.working(channel, thread)], () =>
    statusLine(channel, thread),
  );
}

// Loading messages take turns even while nothing else happens.
setInterval(() => {
  if ([...store.statuses.values()].some((status) => status.messages?.length > 1)) store.update(() => {});
}, TURN_MS);
