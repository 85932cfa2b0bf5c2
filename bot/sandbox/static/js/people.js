/** Names, avatars and icons of people, channels and groups. */

import { h, icon } from "./dom.js";
import { store } from "./store.js";

/** The bot's own picture. */
export const FACE = new URL("../beagle.svg", import.meta.url).href;

/** A user's display name, or the id of an unknown user. */
export function nameOf(userId) {
  const user = store.user(userId);
  return user ? user.name : userId || "Somebody";
}

function tint(text) {
  let sum = 0;
  for (const character of String(text)) sum = (sum * 31 + character.codePointAt(0)) % 997;
  return `tint-${sum % 6}`;
}

/** An avatar: the bot's icon, or a person's initial on their own colour. Decorative: the name is next to it. */
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
