/** "Beagle is reading the handbook…": the line that shows the bot at work, with a Stop button where one applies. */

import { act } from "./api.js";
import { h, icon, renew } from "./dom.js";
import { nameOf } from "./people.js";
import { store } from "./store.js";

const TURN_MS = 2500;

/** The words shown now: the status, or the loading messages in turn. */
export function words(status) {
  const turns = status.messages?.length ? status.messages : [status.text];
  return turns[Math.floor(Date.now() / TURN_MS) % turns.length];
}

/** A line for one thread, or null when the bot does nothing there. */
export function statusLine(channel, thread) {
  const status = store.status(channel, thread);
  const working = store.working(channel, thread);
  if (!status && !working) return null;
  const said = status ? words(status) : "is working…";
  return h(
    "div",
    { class: "status-line", role: "status", "data-testid": "status-line" },
    h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    h("span", { class: "status-words" }, /^(is|was|has) /.test(said) ? `${nameOf(store.botId)} ${said}` : said),
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

/** Puts the line for one thread into `host`, touching the page only when its words change. */
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
