/** One message: author, time, body, reactions, thread, and its hover tools. */

import { act } from "./api.js";
import { h, icon, renew } from "./dom.js";
import { editInPlace } from "./edit.js";
import { openThread } from "./location.js";
import { openMenu } from "./menu.js";
import { createMessageBody, updateMessageBody } from "./message_body.js";
import { avatar, nameOf } from "./people.js";
import { pick, reactionRow } from "./reactions.js";
import { drawStatus } from "./status.js";
import { store } from "./store.js";
import { messageSurface } from "./surface.js";
import { clock, day, full } from "./time.js";

const SYSTEM = new Set([
  "channel_join",
  "channel_leave",
  "channel_topic",
  "channel_purpose",
  "channel_name",
  "group_join",
]);

/** The author: a person, or the app for a bot's message. The `user` of an ephemeral message is its recipient. */
export function author(message) {
  const bot = store.user(message.bot_id)?.id ?? message.bot_id ?? store.botId;
  return message.ephemeralTo ? bot : (message.user ?? bot);
}

function head(message) {
  const who = author(message);
  const bot = message.bot_id !== undefined || store.user(who)?.isBot;
  return h(
    "div",
    { class: "message-head" },
    h("strong", { class: "author" }, message.username ?? nameOf(who)),
    bot ? h("span", { class: "badge" }, "APP") : null,
    h(
      "time",
      { class: "when", title: full(message.ts), datetime: new Date(Number(message.ts) * 1000).toISOString() },
      clock(message.ts),
    ),
  );
}

function threadBar(channel, message) {
  const replies = store.replies(channel, message.ts).filter((reply) => !reply.ephemeralTo);
  const count = replies.length || message.reply_count || 0;
  if (!count) return null;
  const people = [...new Set(replies.map(author))].slice(0, 3);
  const last = replies.at(-1)?.ts ?? message.latest_reply;
  return h(
    "button",
    { class: "thread-bar", type: "button", "data-testid": "thread-bar", onclick: () => openThread(message.ts) },
    people.map((id) => avatar(id, "avatar avatar-tiny")),
    h("span", { class: "reply-count" }, `${count} ${count === 1 ? "reply" : "replies"}`),
    last
      ? h("span", { class: "reply-when" }, `last ${day(last) === "Today" ? "" : `${day(last)} `}${clock(last)}`)
      : null,
    icon("chevron"),
  );
}

function tool(glyph, label, testId, onclick) {
  return h(
    "button",
    { class: "tool", type: "button", "aria-label": label, title: label, "data-testid": testId, onclick },
    icon(glyph),
  );
}

function moreItems(channel, message, node) {
  const items = store.shortcuts
    .filter((shortcut) => shortcut.type === "message")
    .map((shortcut) => ({
      label: shortcut.name,
      glyph: "shuffle",
      testId: "message-shortcut",
      choose: () => act("shortcut", { callback_id: shortcut.callback_id, channel, ts: message.ts }),
    }));
  if (message.user === store.me && !message.ephemeralTo) {
    items.push({
      label: "Edit message",
      glyph: "edit",
      testId: "edit-message",
      choose: () => editInPlace(node, channel, store.message(channel, message.ts) ?? message),
    });
    items.push({
      label: "Delete message",
      glyph: "trash",
      testId: "delete-message",
      choose: () => act("delete", { channel, ts: message.ts }),
    });
  }
  items.push({
    label: "Show its JSON",
    glyph: "braces",
    testId: "show-json",
    choose: () =>
      store.update(() => {
        node.inspected = !node.inspected;
      }),
  });
  return items;
}

function tools(channel, message, node, inThread) {
  const buttons = message.ephemeralTo
    ? []
    : [
        tool("smile", "Add a reaction", "add-reaction", (event) => pick(event.currentTarget, channel, message)),
        inThread
          ? null
          : tool("thread", "Reply in thread", "reply-in-thread", () => openThread(message.thread_ts ?? message.ts)),
      ];
  return h(
    "div",
    { class: "tools", role: "group", "aria-label": "Message actions" },
    buttons,
    tool("more", "More actions", "more-actions", (event) =>
      openMenu(event.currentTarget, moreItems(channel, message, node), "More actions"),
    ),
  );
}

/** A message is redrawn if one of these changes: its data, the reader, its place in the list, its replies. */
function signature(channel, message, options) {
  const replies = options.inThread ? [] : store.replies(channel, message.ts);
  return [message, store.me, options.compact, options.inThread, replies.length, replies.at(-1), store.users.length];
}

const same = (a, b) => a !== undefined && a.length === b.length && a.every((value, index) => value === b[index]);

function build(options) {
  const node = h("article", { class: "message", tabindex: -1, "data-testid": "message" });
  node.side = h("div", { class: "message-side" });
  node.top = h("div", { class: "message-top" });
  node.content = createMessageBody();
  node.foot = h("div", { class: "message-foot" });
  node.statusHost = h("div", { class: "message-status" });
  node.raw = h("pre", { class: "raw", "data-testid": "raw-json", "aria-label": "Raw JSON" });
  node.toolbar = h("div", { class: "toolbar" });
  node.append(
    node.side,
    h(
      "div",
      { class: "message-body" },
      node.top,
      node.content,
      node.raw,
      node.foot,
      options.inThread ? null : node.statusHost,
    ),
    node.toolbar,
  );
  return node;
}

function describe(node, message, options) {
  const ephemeral = Boolean(message.ephemeralTo);
  const who = author(message);
  node.dataset.ts = message.ts;
  node.dataset.author = who;
  node.classList.toggle("compact", options.compact);
  node.classList.toggle("ephemeral", ephemeral);
  node.classList.toggle("system", SYSTEM.has(message.subtype));
  node.setAttribute("aria-label", `${nameOf(who)}, ${clock(message.ts)}`);
  node.setAttribute("aria-busy", String(message.streaming === true));
  const sign = [options.compact, who, message.username, nameOf(who), ephemeral, message.ts];
  renew(node.side, sign, () =>
    options.compact
      ? h("time", { class: "when", title: full(message.ts) }, clock(message.ts))
      : avatar(who, "avatar", message.username),
  );
  renew(node.top, sign, () => [
    ephemeral
      ? h("div", { class: "ephemeral-note", "data-testid": "ephemeral-note" }, icon("eye"), "Only visible to you")
      : null,
    options.compact ? null : head(message),
  ]);
}

function finish(node, channel, message, options) {
  const edited = Boolean(message.edited) && !message.bot_id;
  const bar = options.inThread ? null : threadBar(channel, message);
  // The parts that hold buttons stay as they are while a message grows: a press must not miss its button.
  renew(node.foot, [edited, message.reactions, bar?.textContent, store.me], () => [
    edited ? h("span", { class: "edited" }, "(edited)") : null,
    reactionRow(channel, message),
    bar,
  ]);
  renew(node.toolbar, [channel, message.ts, message.thread_ts, message.ephemeralTo, store.me, store.shortcuts], () =>
    tools(channel, message, node, options.inThread),
  );
}

/** Draws `message` into `node` (a new one when null); does nothing if it has not changed. */
export function drawMessage(node, channel, message, options) {
  const root = node ?? build(options);
  const sign = signature(channel, message, options);
  if (!same(root.signature, sign)) {
    root.signature = sign;
    describe(root, message, options);
    updateMessageBody(root.content, message, messageSurface(channel, message));
    finish(root, channel, message, options);
  }
  const raw = store.location.inspector || root.inspected ? JSON.stringify(message, null, 2) : "";
  if (root.raw.textContent !== raw) root.raw.textContent = raw;
  if (!options.inThread) drawStatus(root.statusHost, channel, message.ts);
  return root;
}
