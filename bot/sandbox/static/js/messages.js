/** The message list: day dividers, grouping by author, arrow keys, and minimal redraws. */

import { h, place } from "./dom.js";
import { author, drawMessage } from "./message.js";
import { store } from "./store.js";
import { day, sameDay } from "./time.js";

const GROUP_SECONDS = 300;

function follows(previous, message) {
  return (
    previous !== undefined &&
    author(previous) === author(message) &&
    !previous.ephemeralTo &&
    !message.ephemeralTo &&
    !previous.reply_count &&
    sameDay(previous.ts, message.ts) &&
    Number(message.ts) - Number(previous.ts) < GROUP_SECONDS
  );
}

function divider(ts, text) {
  const node = h("div", { class: "day-divider" }, h("span", {}, text));
  node.dataset.day = ts;
  return node;
}

/** A list that can be drawn again and again; `inThread` lists show no thread bars. */
export class MessageList {
  constructor(label, inThread, testId) {
    this.inThread = inThread;
    this.drawn = new Map();
    this.dividers = new Map();
    this.newest = null;
    this.node = h("div", { class: "message-list", role: "log", "aria-label": label, "data-testid": testId });
    this.node.addEventListener("keydown", (event) => this.move(event));
    this.node.addEventListener("focusin", (event) => this.rove(event.target.closest(".message")));
  }

  /** Shows `messages` of `channel`; says whether a message arrived at the end. */
  draw(channel, messages) {
    const nodes = [];
    const drawn = new Map();
    messages.forEach((message, index) => {
      const previous = messages[index - 1];
      if (!previous || !sameDay(previous.ts, message.ts)) nodes.push(this.dividerFor(message.ts));
      // A thread's parent is never grouped with its replies.
      const compact = follows(previous, message) && !(this.inThread && index === 1);
      const key = `${channel} ${message.ts}`;
      const node = drawMessage(this.drawn.get(key) ?? null, channel, message, { inThread: this.inThread, compact });
      drawn.set(key, node);
      nodes.push(node);
      if (this.inThread && index === 0 && messages.length > 1) nodes.push(this.replyRule(messages.length - 1));
    });
    this.drawn = drawn;
    place(this.node, nodes);
    this.rove(this.node.querySelector('.message[tabindex="0"]') ?? [...drawn.values()].at(-1) ?? null);
    const newest = messages.at(-1)?.ts ?? null;
    const arrived = newest !== null && this.newest !== null && Number(newest) > Number(this.newest);
    this.newest = newest;
    return arrived;
  }

  /** The drawn message with this timestamp, or null. */
  find(ts) {
    return this.node.querySelector(`[data-ts="${CSS.escape(ts ?? "")}"]`);
  }

  dividerFor(ts) {
    const text = day(ts);
    if (!this.dividers.has(text)) this.dividers.set(text, divider(ts, text));
    return this.dividers.get(text);
  }

  replyRule(count) {
    this.rule ??= h("div", { class: "reply-rule" }, h("span", {}));
    this.rule.firstChild.textContent = `${count} ${count === 1 ? "reply" : "replies"}`;
    return this.rule;
  }

  /** One message of the list takes part in the tab order; arrow keys choose which. */
  rove(message) {
    if (!message || !this.node.contains(message)) return;
    for (const other of this.node.querySelectorAll('.message[tabindex="0"]'))
      if (other !== message) other.tabIndex = -1;
    message.tabIndex = 0;
  }

  move(event) {
    if (!event.target.classList.contains("message") || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const all = [...this.node.querySelectorAll(".message")];
    const next = all[all.indexOf(event.target) + (event.key === "ArrowUp" ? -1 : 1)];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }
}

/** What an empty conversation says. */
export function emptyNote(channel) {
  if (channel.kind === "im") {
    const user = store.user(channel.user);
    return h(
      "div",
      { class: "empty" },
      h("h2", {}, user?.name ?? "Direct message"),
      h(
        "p",
        {},
        user?.isBot
          ? "Ask anything here: each message starts a conversation of its own."
          : "This is the start of your conversation.",
      ),
    );
  }
  const bot = store.user(store.botId)?.name ?? "the bot";
  return h(
    "div",
    { class: "empty" },
    h("h2", {}, `#${channel.name}`),
    h("p", {}, channel.purpose || channel.topic || "Nothing has been said here yet."),
    h("p", {}, `Mention @${bot} to ask something.`),
  );
}
