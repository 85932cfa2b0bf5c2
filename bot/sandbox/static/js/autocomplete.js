/** Autocompletion while typing: people after `@`, channels after `#`, emoji after `:`, commands after `/`. */

import { h } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { avatar, channelIcon } from "./people.js";
import { store } from "./store.js";

const MAX_OPTIONS = 8;
let lists = 0;

const fits = (word, ...names) =>
  names.some(
    (name) =>
      name
        .toLowerCase()
        .split(/[\s_-]/)
        .some((part) => part.startsWith(word)) || name.toLowerCase().startsWith(word),
  );

/** The sub-commands a usage hint names: "[help | stats 7d | why <link>]" gives help, stats, why with their forms. */
export function subcommands(hint) {
  return (hint ?? "")
    .replace(/^\[|\]$/g, "")
    .split("|")
    .map((form) => form.trim())
    .filter((form) => /^[a-z]/i.test(form))
    .map((form) => ({ word: form.split(/\s/)[0], form }));
}

function people(word) {
  const bot = store.users.filter((user) => user.isBot);
  const others = store.users.filter((user) => !user.isBot && user.id !== store.me);
  const users = [...bot, ...others]
    .filter((user) => fits(word, user.name, user.handle))
    .map((user) => ({
      insert: `@${user.name} `,
      node: [
        avatar(user.id, "avatar avatar-tiny"),
        h("strong", {}, user.name),
        h("small", {}, user.isBot ? "app" : user.title),
      ],
    }));
  const ranges = ["here", "channel"]
    .filter((range) => word && range.startsWith(word))
    .map((range) => ({ insert: `@${range} `, node: [h("strong", {}, `@${range}`)] }));
  return [...users, ...ranges];
}

function channels(word) {
  return store.channels
    .filter((channel) => channel.name && fits(word, channel.name))
    .map((channel) => ({ insert: `#${channel.name} `, node: [channelIcon(channel), h("strong", {}, channel.name)] }));
}

function emojis(word) {
  if (word.length < 2) return [];
  return Object.keys(EMOJI)
    .filter((name) => name.includes(word))
    .sort((a, b) => a.indexOf(word) - b.indexOf(word) || a.length - b.length)
    .map((name) => ({
      insert: `:${name}: `,
      node: [h("span", { class: "emoji" }, EMOJI[name]), h("span", {}, `:${name}:`)],
    }));
}

function commands(typed) {
  const space = typed.indexOf(" ");
  if (space < 0) {
    return store.commands
      .filter(({ command }) => command.startsWith(typed))
      .map(({ command, description, usage_hint: hint }) => ({
        insert: `${command} `,
        node: [h("strong", {}, command), h("small", {}, description), hint ? h("code", {}, hint) : null],
      }));
  }
  const registered = store.commands.find(({ command }) => command === typed.slice(0, space));
  const rest = typed.slice(space + 1).toLowerCase();
  if (!registered || rest.includes(" ")) return [];
  return subcommands(registered.usage_hint)
    .filter(({ word }) => word.startsWith(rest) && word !== rest)
    .map(({ word, form }) => ({
      insert: `${registered.command} ${word}`,
      node: [h("strong", {}, `${registered.command} ${word}`), h("small", {}, form.slice(word.length))],
    }));
}

const SOURCES = { "@": people, "#": channels, ":": emojis };

/** The suggestions for `text` with the caret at `caret`: `{start, options: [{insert, node}]}`, or null. */
export function suggestions(text, caret) {
  const before = text.slice(0, caret);
  if (before.startsWith("/") && !before.includes("\n")) {
    return { start: 0, options: commands(before).slice(0, MAX_OPTIONS) };
  }
  const match = /(?:^|[\s(])([@#:])([\w.+-]*)$/.exec(before);
  if (!match) return null;
  const start = caret - match[2].length - 1;
  return { start, options: SOURCES[match[1]](match[2].toLowerCase()).slice(0, MAX_OPTIONS) };
}

/** A list box at a text field: arrows move, Enter and Tab accept, Escape closes. */
export class Autocomplete {
  constructor(field, host, onTake) {
    lists += 1;
    this.field = field;
    this.onTake = onTake;
    this.result = null;
    this.index = 0;
    this.box = h("div", {
      class: "suggest",
      role: "listbox",
      id: `suggest-${lists}`,
      "aria-label": "Suggestions",
      hidden: true,
      "data-testid": "suggest",
    });
    host.append(this.box);
    field.setAttribute("aria-controls", this.box.id);
    field.setAttribute("aria-autocomplete", "list");
    field.addEventListener("input", () => this.refresh());
    field.addEventListener("blur", () => this.close());
  }

  get open() {
    return !this.box.hidden;
  }

  refresh() {
    this.result =
      this.field.selectionStart === this.field.selectionEnd
        ? suggestions(this.field.value, this.field.selectionStart)
        : null;
    this.index = 0;
    this.draw();
  }

  close() {
    this.box.hidden = true;
    this.field.removeAttribute("aria-activedescendant");
  }

  draw() {
    const options = this.result?.options ?? [];
    if (!options.length) {
      this.close();
      return;
    }
    this.box.hidden = false;
    this.box.replaceChildren(
      ...options.map((option, index) =>
        h(
          "div",
          {
            class: "option",
            role: "option",
            id: `${this.box.id}-${index}`,
            "aria-selected": String(index === this.index),
            "data-testid": "suggestion",
            // Not click: the field would lose its focus, and with it this list.
            onpointerdown: (event) => {
              event.preventDefault();
              this.take(index);
            },
          },
          option.node,
        ),
      ),
    );
    this.field.setAttribute("aria-activedescendant", `${this.box.id}-${this.index}`);
    this.box.children[this.index].scrollIntoView({ block: "nearest" });
  }

  take(index) {
    const { start, options } = this.result;
    const end = this.field.selectionStart;
    this.field.setRangeText(options[index].insert, start, end, "end");
    this.close();
    this.onTake();
    this.refresh();
  }

  /** Handles a key while the list is open. Returns whether it used the key. */
  key(event) {
    if (!this.open) return false;
    const count = this.result.options.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.index = (this.index + (event.key === "ArrowDown" ? 1 : count - 1)) % count;
      this.draw();
    } else if (event.key === "Enter" && !event.shiftKey && this.isComplete()) {
      this.close();
      return false;
    } else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") {
      this.take(this.index);
    } else if (event.key === "Escape") {
      this.close();
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  /** Whether the option is already typed in full: Enter then sends the message. */
  isComplete() {
    return this.field.value.slice(this.result.start).trim() === this.result.options[this.index].insert.trim();
  }
}
