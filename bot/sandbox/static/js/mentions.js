/** Converts between typed names (`@Beagle`, `#general`) and stored ids (`<@U1>`, `<#C1>`). */

import { store } from "./store.js";

/** Names a mention may be typed as, longest first, so that `@Ada Lovelace` is not read as `@Ada`. */
function names() {
  const people = store.users.flatMap((user) =>
    [...new Set([user.name, user.handle])].map((name) => [`@${name}`, `<@${user.id}>`]),
  );
  const channels = store.channels
    .filter((channel) => channel.name)
    .map((channel) => [`#${channel.name}`, `<#${channel.id}>`]);
  const ranges = ["here", "channel", "everyone"].map((range) => [`@${range}`, `<!${range}>`]);
  return [...people, ...channels, ...ranges].sort((a, b) => b[0].length - a[0].length);
}

const WORD = /[\p{L}\p{N}_]/u;

/** The text with ids for names; the sandbox escapes the rest. A name inside a word (`a@beagle.org`) or code stays. */
export function written(typed) {
  return typed
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((part, index) => (index % 2 ? part : mentioned(part)))
    .join("");
}

function mentioned(text) {
  const known = names();
  let result = "";
  let index = 0;
  while (index < text.length) {
    const rest = text.slice(index).toLowerCase();
    const starts = "@#".includes(text[index]) && !WORD.test(text[index - 1] ?? " ");
    const hit = starts
      ? known.find(([name]) => rest.startsWith(name.toLowerCase()) && !WORD.test(text[index + name.length] ?? " "))
      : null;
    result += hit ? hit[1] : text[index];
    index += hit ? hit[0].length : 1;
  }
  return result;
}

/** The stored text as a person would have typed it. */
export function readable(stored) {
  return stored
    .replace(/<@(\w+)(?:\|[^>]*)?>/g, (_, id) => `@${store.user(id)?.name ?? id}`)
    .replace(/<#(\w+)(?:\|([^>]*))?>/g, (_, id, label) => `#${store.channel(id)?.name ?? label ?? id}`)
    .replace(/<!(here|channel|everyone)>/g, "@$1")
    .replace(/<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>/g, "$1");
}
