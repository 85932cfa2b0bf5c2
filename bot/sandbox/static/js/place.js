/** Where the reader is: which conversation, which thread, which tab; and in the address bar, so a reload stays there. */

import { act } from "./api.js";
import { store } from "./store.js";

function remember() {
  const { channel, thread } = store.place;
  const name = store.here?.kind === "im" ? channel : (store.here?.name ?? channel);
  history.replaceState(null, "", `#${encodeURIComponent(name)}${thread ? `/${thread}` : ""}`);
}

/** Shows a channel or direct message; its thread pane closes, the drawer of the narrow screen too. */
export function openChannel(id) {
  store.update((known) =>
    Object.assign(known.place, { channel: id, thread: null, tab: "messages", drawer: false, focus: "channel" }),
  );
  remember();
  if (store.withBot) act("open_home", { tab: "messages" });
}

/** Opens a thread beside the channel; with null the pane closes. `quietly` leaves the focus where it is. */
export function openThread(ts, quietly = false) {
  store.update((known) => Object.assign(known.place, { thread: ts, focus: ts && !quietly ? "thread" : null }));
  remember();
}

/** Shows the bot's Home or its messages; the bot hears of it, as in Slack. */
export function openTab(tab) {
  store.update((known) => Object.assign(known.place, { tab, thread: null }));
  act("open_home", { tab });
}

/** Takes the reader where the address bar says: a message's link (`?channel=…&ts=…`), or where they last were. */
export function restore() {
  const query = new URLSearchParams(location.search);
  const [name, thread] = decodeURIComponent(location.hash.slice(1)).split("/");
  const wanted = query.get("channel") ?? name;
  const found = store.channels.find((channel) => channel.id === wanted || (channel.name && channel.name === wanted));
  if (!found) return;
  const linked = query.has("channel");
  store.update((known) =>
    Object.assign(known.place, {
      channel: found.id,
      thread: (linked ? query.get("thread_ts") : thread) || null,
      reveal: linked ? query.get("ts") : null,
    }),
  );
  if (linked) history.replaceState(null, "", "/");
  remember();
}

/** Opens or shuts the channel list on a narrow screen. */
export function setDrawer(open) {
  store.update((known) => {
    known.place.drawer = open;
  });
}

/** Shows or hides the raw JSON of every message. */
export function toggleInspector() {
  store.update((known) => {
    known.place.inspector = !known.place.inspector;
  });
}
