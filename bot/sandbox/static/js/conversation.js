/** The middle column: a channel's messages, the bot's suggested prompts, and the composer. */

import { act } from "./api.js";
import { AutoScroll } from "./autoscroll.js";
import { Composer, WIDE } from "./composer.js";
import { h } from "./dom.js";
import { drawHome } from "./home.js";
import { openThread } from "./location.js";
import { MessageList, emptyNote } from "./messages.js";
import { drawPrompts } from "./prompts.js";
import { drawStatus } from "./status.js";
import { store } from "./store.js";

/** The column; `draw()` updates it from the store. */
export class Conversation {
  constructor(host) {
    this.list = new MessageList("Messages", false, "message-list");
    this.empty = h("div", { class: "empty-host" });
    this.scroller = h("div", { class: "scroller" }, h("div", { class: "scroll-inner" }, this.empty, this.list.node));
    this.prompts = h("div", { class: "prompts-host" });
    this.status = h("div", { class: "conversation-status" });
    this.join = h("div", { class: "join-bar" });
    this.composer = new Composer({
      where: () => ({ channel: store.location.channel, thread: null }),
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
    this.autoscroll = new AutoScroll(this.scroller, this.stream);
    this.drawnKey = null;
    this.own = new Set();
  }

  /** Remembers a message of the reader's, so that the answer's thread opens by itself. */
  sent(ts) {
    if (ts) this.own.add(ts);
    this.autoscroll.toEnd();
  }

  draw() {
    const channel = store.here;
    if (!channel) return;
    const atHome = store.withBot && store.location.tab === "home";
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
    if (store.location.focus === "channel") this.composer.takeFocus();
    drawStatus(this.status, channel.id, null);
    // Those of a channel are the tour: it stays in reach while one tries it.
    drawPrompts(
      this.prompts,
      channel.id,
      null,
      () => true,
      (ts) => this.sent(ts),
    );
    this.openAnswer(channel);
  }

  drawMessages(channel) {
    const moved = this.drawnKey !== `${store.me} ${channel.id}`;
    const messages = store.mainMessages(channel.id);
    this.empty.replaceChildren(...(messages.length ? [] : [emptyNote(channel)]));
    const arrived = this.list.draw(channel.id, messages);
    if (moved) this.autoscroll.toEnd();
    else {
      this.autoscroll.settle();
      if (arrived) this.autoscroll.announce();
    }
    const { reveal } = store.location;
    if (reveal && this.autoscroll.reveal(this.list.find(reveal))) store.location.reveal = null;
    this.drawnKey = `${store.me} ${channel.id}`;
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

  /** On a wide screen, opens the thread of the first reply to the reader, without moving the focus. */
  openAnswer(channel) {
    for (const ts of this.own) {
      if (!store.replies(channel.id, ts).length) continue;
      this.own.delete(ts);
      if (WIDE.matches && !store.location.thread) openThread(ts, true);
    }
  }
}
