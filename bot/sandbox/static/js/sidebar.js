/** The left column: workspace, channels, direct messages, and the choice of the reader. */

import { enter } from "./api.js";
import { h, icon, renew } from "./dom.js";
import { openChannel, setDrawer } from "./location.js";
import { FACE, avatar, channelIcon } from "./people.js";
import { store } from "./store.js";

function row(channel) {
  const here = channel.id === store.location.channel;
  const unread = here ? 0 : store.unread(channel.id);
  return h(
    "li",
    {},
    h(
      "button",
      {
        class: unread ? "channel unread" : "channel",
        type: "button",
        "aria-current": here ? "page" : null,
        "data-testid": "channel",
        "data-channel": channel.id,
        "data-name": store.title(channel),
        onclick: () => openChannel(channel.id),
      },
      channelIcon(channel),
      h("span", { class: "channel-name" }, store.title(channel)),
      unread
        ? h(
            "span",
            { class: "unread-dot", "data-testid": "unread" },
            h("span", { class: "sr-only" }, `${unread} unread`),
          )
        : null,
    ),
  );
}

function section(title, channels) {
  if (!channels.length) return null;
  return h("section", {}, h("h2", { class: "side-title" }, title), h("ul", {}, channels.map(row)));
}

function orderedDms() {
  const dms = store.channels.filter((channel) => channel.kind === "im");
  return [
    ...dms.filter((channel) => channel.user === store.botId),
    ...dms.filter((channel) => channel.user !== store.botId),
  ];
}

/** Becomes somebody else. Until their workspace is drawn, a click would go to a channel of the person before. */
async function actAs(user) {
  document.body.inert = true;
  try {
    await enter(user);
  } finally {
    document.body.inert = false;
    document.querySelector('[data-testid="act-as"]')?.focus();
  }
}

function switcher() {
  const people = store.users.filter((user) => !user.isBot);
  return h(
    "div",
    { class: "switcher" },
    avatar(store.me),
    h(
      "label",
      {},
      h("span", { class: "switch-label" }, store.user(store.me)?.isAdmin ? "You act as (admin)" : "You act as"),
      h(
        "select",
        { "data-testid": "act-as", value: store.me, onchange: (event) => actAs(event.target.value) },
        people.map((user) => h("option", { value: user.id }, user.name)),
      ),
    ),
  );
}

/** Draws the column again when something in it changed. */
export function drawSidebar(host) {
  host.classList.toggle("open", store.location.drawer);
  const rows = store.channels.map((channel) => [channel.id, channel.name, store.unread(channel.id)]);
  renew(host, [store.me, store.location.channel, store.team, store.users, store.connected, store.linked, store.notice, rows], column);
}

function column() {
  const channels = store.channels
    .filter((channel) => channel.kind !== "im")
    .sort((a, b) => a.name.localeCompare(b.name));
  return [
    h(
      "div",
      { class: "workspace" },
      h("img", { class: "avatar", src: FACE, alt: "" }),
      h(
        "div",
        {},
        h("strong", {}, store.team.name),
        connection(),
        store.notice ? h("span", { class: "connection connection-off", role: "status", "data-testid": "notice" }, store.notice) : null,
      ),
      h(
        "button",
        {
          class: "tool narrow-only",
          type: "button",
          "aria-label": "Close the channel list",
          onclick: () => setDrawer(false),
        },
        icon("close"),
      ),
    ),
    h(
      "nav",
      { class: "channels", "aria-label": "Channels" },
      ...[section("Channels", channels), section("Direct messages", orderedDms())].filter(Boolean),
    ),
    switcher(),
  ];
}

function connection() {
  const [state, words] = !store.linked
    ? ["off", "Reconnecting…"]
    : store.connected
      ? ["on", "Bot connected"]
      : ["off", "Bot not connected"];
  return h("span", { class: `connection connection-${state}`, role: "status", "data-testid": "connection" }, words);
}
