/** How people, channels and groups are named and pictured wherever they appear. */

import { h, icon } from "./dom.js";
import { store } from "./store.js";

/** The bot's own picture. */
export const FACE = new URL("../beagle.svg", import.meta.url).href;

/** The name shown for a user id; the id itself when nobody here has it. */
export function nameOf(userId) {
  const user = store.user(userId);
  return user ? user.name : userId || "Somebody";
}

function tint(text) {
  let sum = 0;
  for (const character of String(text)) sum = (sum * 31 + character.codePointAt(0)) % 997;
  return `tint-${sum % 6}`;
}

/** A square picture: the bot's face, or a person's initial on a colour of their own. Decorative: the name is beside it. */
export function avatar(userId, className = "avatar", name = nameOf(userId)) {
  const user = store.user(userId);
  if (user?.isBot) return h("img", { class: className, src: FACE, alt: "" });
  return h(
    "span",
    { class: `${className} ${tint(userId)}`, "aria-hidden": "true" },
    [...name][0]?.toUpperCase() ?? "?",
  );
}

/** `@Ada` as a chip, marked when it is the reader. */
export function mention(userId) {
  const mine = userId === store.me;
  return h("span", { class: mine ? "mention mention-me" : "mention", "data-user": userId }, `@${nameOf(userId)}`);
}

/** `#general` as a chip. */
export function channelMention(channelId, label = null) {
  const channel = store.channel(channelId);
  return h("span", { class: "mention", "data-channel": channelId }, `#${channel?.name ?? label ?? channelId}`);
}

/** `@here`, `@channel`, `@everyone`. */
export function broadcast(range) {
  return h("span", { class: "mention mention-me" }, `@${range}`);
}

/** A user group's chip. */
export function groupMention(groupId, label = null) {
  return h("span", { class: "mention" }, label?.startsWith("@") ? label : `@${label ?? groupId}`);
}

/** The icon in front of a channel's name. */
export function channelIcon(channel) {
  if (channel.kind === "im") return avatar(channel.user, "avatar avatar-small");
  return icon(channel.kind === "private" ? "lock" : "hash");
}
