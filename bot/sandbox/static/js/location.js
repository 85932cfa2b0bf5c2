/** The reader's location: channel, thread and tab. The URL hash holds it, so a reload keeps it. */

import { act } from "./api.js";
import { store } from "./store.js";

function updateHash() {
  const { channel, thread } = store.location;
  const name = store.here?.kind === "im" ? channel : (store.here?.name ?? channel);
  history.replaceState(null, "", `#${encodeURIComponent(name)}${thread ? `/${thread}` : ""}`);
}

/** Shows a channel or direct message; its thread pane closes, the drawer of the narrow screen too. */
export function openChannel(id) {
  store.update((draft) =>
    Object.assign(draft.location, { channel: id, thread: null, tab: "messages", drawer: false, focus: "channel" }),
  );
  updateHash();
  if (store.withBot) act("open_home", { tab: "messages" });
}

/** Opens a thread beside the channel; with null the pane closes. `quietly` leaves the focus where it is. */
export function openThread(ts, quietly = false) {
  store.update((draft) => Object.assign(draft.location, { thread: ts, focus: ts && !quietly ? "thread" : null }));
  updateHash();
}

/** Opens the bot's Home or Messages tab, which also notifies the bot. */
export function openTab(tab) {
  store.update((draft) => Object.assign(draft.location, { tab, thread: null }));
  act("open_home", { tab });
}

/** Restores the location from the URL: a message's link (`?channel=…&ts=…`), or the hash. */
export function restoreLocation() {
  const query = new URLSearchParams(location.search);
  const [name, thread] = decodeURIComponent(location.hash.slice(1)).split("/");
  const key = query.get("channel") ?? name;
  const channel = store.channels.find(({ id, name: title }) => id === key || (title && title === key));
  if (!channel) return;
  const linked = query.has("channel");
  store.update((draft) =>
    Object.assign(draft.location, {
      channel: channel.id,
      thread: (linked ? query.get("thread_ts") : thread) || null,
      reveal: linked ? query.get("ts") : null,
    }),
  );
  if (linked) history.replaceState(null, "", "/");
  updateHash();
}

/** Opens or closes the channel list on a narrow screen. */
export function setDrawer(open) {
  store.update((draft) => {
    draft.location.drawer = open;
  });
}

/** Shows or hides the raw JSON of every message. */
export function toggleInspector() {
  store.update((draft) => {
    draft.location.inspector = !draft.location.inspector;
  });
}
