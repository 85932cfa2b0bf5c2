/** The middle column: a channel's messages, what the bot offers, and the composer. */

import { act } from "./api.js";
import { Composer, WIDE } from "./composer.js";
import { h } from "./dom.js";
import { Follow } from "./follow.js";
import { drawHome } from "./home.js";
import { MessageList, emptyNote } from "./messages.js";
import { openThread } from "./place.js";
import { drawPrompts } from "./prompts.js";
import { drawStatus } from "./status.js";
import { store } from "./store.js";

/** Owns the column; `draw()` makes it show the store. */
export class Conversation {
  constructor(host) {
    this.list = new MessageList("Messages", false, "message-list");
    this.empty = h("div", { class: "empty-host" });
    this.scroller = h("div", { class: "scroller" }, h("div", { class: "scroll-inner" }, this.empty, this.list.node));
    this.prompts = h("div", { class: "prompts-host" });
    this.status = h("div", { class: "conversation-status" });
    this.join = h("div", { class: "join-bar" });
    this.composer = new Composer({
      where: () => ({ channel: store.place.channel, thread: null }),
      testId: "composer",
      sent: (ts) => this.sent(ts),
    });
    this.home = h("div", { class: "home-host", "data-testid": "app-home" });
    this.stream = h(
      "div",
      { class: "stream" },
      this.scroller,
      h("div", { class: "below" }, this.status, this.prompts, this.join, this.composer.node),
    );
    host.append(this.home, this.stream);
    this.follow = new Follow(this.scroller, this.stream);
    this.seen = null;
    this.own = new Set();
  }

  /** Remembers what the reader just said, so that the answer's thread opens by itself. */
  sent(ts) {
    if (ts) this.own.add(ts);
    this.follow.toEnd();
  }

  draw() {
    const channel = store.here;
    if (!channel) return;
    const atHome = store.withBot && store.place.tab === "home";
    this.home.hidden = !atHome;
    this.stream.hidden = atHome;
    if (atHome) {
      drawHome(this.home);
      return;
    }
    this.drawMessages(channel);
    const member = channel.kind === "im" || channel.members.includes(store.me);
    this.composer.node.hidden = !member;
    this.drawJoin(channel, member);
    this.composer.draw();
    if (store.place.focus === "channel") this.composer.takeFocus();
    drawStatus(this.status, channel.id, null);
    drawPrompts(this.prompts, channel.id, null, () => !store.mainMessages(channel.id).length || channel.kind === "im");
    this.openAnswer(channel);
  }

  drawMessages(channel) {
    const moved = this.seen !== `${store.me} ${channel.id}`;
    const messages = store.mainMessages(channel.id);
    this.empty.replaceChildren(...(messages.length ? [] : [emptyNote(channel)]));
    const arrived = this.list.draw(channel.id, messages);
    if (moved) this.follow.toEnd();
    else {
      this.follow.settle();
      if (arrived) this.follow.announce();
    }
    if (store.place.reveal && this.follow.reveal(this.list.find(store.place.reveal))) store.place.reveal = null;
    this.seen = `${store.me} ${channel.id}`;
    if (document.visibilityState === "visible") store.markRead(channel.id);
  }

  drawJoin(channel, member) {
    if (member === (this.join.childElementCount === 0)) return;
    this.join.replaceChildren(
      ...(member
        ? []
        : [
            h("span", {}, `You are looking at #${channel.name}`),
            h(
              "button",
              {
                class: "button button-primary",
                type: "button",
                "data-testid": "join",
                onclick: () => act("join", { channel: channel.id }),
              },
              "Join channel",
            ),
          ]),
    );
  }

  /** On a wide screen the first reply to what the reader said opens its thread, without taking the focus. */
  openAnswer(channel) {
    for (const ts of this.own) {
      if (!store.replies(channel.id, ts).length) continue;
      this.own.delete(ts);
      if (WIDE.matches && !store.place.thread) openThread(ts, true);
    }
  }
}
