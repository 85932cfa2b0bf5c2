/** The bar above the messages: channel, the bot's tabs, and the inspector. */

import { act } from "./api.js";
import { h, icon, renew } from "./dom.js";
import { openTab, setDrawer, toggleInspector } from "./location.js";
import { channelIcon } from "./people.js";
import { store } from "./store.js";

function tab(name, label) {
  const chosen = store.location.tab === name;
  return h(
    "button",
    {
      class: "tab",
      type: "button",
      role: "tab",
      "aria-selected": String(chosen),
      "data-testid": `tab-${name}`,
      onclick: () => openTab(name),
    },
    label,
  );
}

function details(channel) {
  if (channel.kind === "im") return store.user(channel.user)?.title ?? "";
  return `${channel.members.length} ${channel.members.length === 1 ? "person" : "people"}${channel.topic ? ` · ${channel.topic}` : ""}`;
}

function shortcutButtons() {
  return store.shortcuts
    .filter((shortcut) => shortcut.type === "global")
    .map((shortcut) =>
      h(
        "button",
        {
          class: "button",
          type: "button",
          "data-testid": "global-shortcut",
          onclick: () => act("shortcut", { callback_id: shortcut.callback_id }),
        },
        shortcut.name,
      ),
    );
}

/** Draws the bar again when something in it changed. */
export function drawHeader(host) {
  const channel = store.here;
  if (!channel) return;
  renew(host, [channel, store.location.tab, store.location.inspector, store.me, store.withBot, store.shortcuts], () =>
    bar(channel),
  );
}

function bar(channel) {
  const bot = store.user(store.botId);
  const invite = channel.kind !== "im" && !channel.hasBot && bot;
  return [
    h(
      "button",
      {
        class: "tool narrow-only",
        type: "button",
        "aria-label": "Channels",
        "data-testid": "open-drawer",
        onclick: () => setDrawer(true),
      },
      icon("menu"),
    ),
    h(
      "div",
      { class: "title" },
      h("h1", {}, channelIcon(channel), h("span", {}, store.title(channel))),
      h("p", {}, details(channel)),
    ),
    store.withBot
      ? h(
          "div",
          { class: "tabs", role: "tablist", "aria-label": "Views of the app" },
          tab("home", "Home"),
          tab("messages", "Messages"),
        )
      : null,
    ...shortcutButtons(),
    invite
      ? h(
          "button",
          {
            class: "button",
            type: "button",
            "data-testid": "invite-bot",
            onclick: () => act("invite_bot", { channel: channel.id }),
          },
          icon("plus"),
          `Add ${bot.name}`,
        )
      : null,
    h(
      "button",
      {
        class: "tool",
        type: "button",
        "aria-pressed": String(store.location.inspector),
        "aria-label": "Inspector: show the JSON of every message",
        title: "Inspector",
        "data-testid": "inspector",
        onclick: toggleInspector,
      },
      icon("braces"),
    ),
  ];
}
