/** The pane beside the channel: one thread with its own composer, status and Stop button. */

import { Composer } from "./composer.js";
import { h, icon } from "./dom.js";
import { Follow } from "./follow.js";
import { MessageList } from "./messages.js";
import { openThread } from "./place.js";
import { drawPrompts } from "./prompts.js";
import { drawStatus } from "./status.js";
import { store } from "./store.js";

/** Owns the pane; `draw()` makes it show the store. */
export class Thread {
  constructor(host) {
    this.host = host;
    this.list = new MessageList("Thread", true, "thread-list");
    this.title = h("div", { class: "pane-title" });
    const head = h(
      "header",
      { class: "pane-head" },
      h(
        "button",
        {
          class: "tool narrow-only",
          type: "button",
          "aria-label": "Back to the channel",
          "data-testid": "thread-back",
          onclick: () => openThread(null),
        },
        icon("back"),
      ),
      this.title,
      h(
        "button",
        {
          class: "tool wide-only",
          type: "button",
          "aria-label": "Close thread",
          "data-testid": "close-thread",
          onclick: () => openThread(null),
        },
        icon("close"),
      ),
    );
    this.scroller = h("div", { class: "scroller" }, h("div", { class: "scroll-inner" }, this.list.node));
    this.status = h("div", { class: "conversation-status" });
    this.prompts = h("div", { class: "prompts-host" });
    this.composer = new Composer({
      where: () => ({ channel: store.place.channel, thread: store.place.thread }),
      testId: "thread-composer",
      sent: () => this.follow.toEnd(),
    });
    const stream = h(
      "div",
      { class: "stream" },
      this.scroller,
      h("div", { class: "below" }, this.status, this.prompts, this.composer.node),
    );
    host.append(head, stream);
    this.follow = new Follow(this.scroller, stream);
    this.seen = null;
    host.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.close();
    });
  }

  close() {
    const parent = store.place.thread;
    openThread(null);
    document.querySelector(`[data-testid="message-list"] [data-ts="${CSS.escape(parent ?? "")}"]`)?.focus();
  }

  draw() {
    const { channel, thread } = store.place;
    const parent = thread ? store.message(channel, thread) : null;
    this.host.hidden = !thread;
    if (!thread) {
      this.seen = null;
      return;
    }
    const moved = this.seen !== `${store.me} ${channel} ${thread}`;
    const title = store.session(channel, thread)?.title || "Thread";
    this.title.replaceChildren(
      h("h2", {}, title),
      h("small", {}, store.here?.kind === "im" ? store.title(store.here) : `#${store.here?.name ?? ""}`),
    );
    const arrived = this.list.draw(channel, [...(parent ? [parent] : []), ...store.replies(channel, thread)]);
    drawStatus(this.status, channel, thread);
    drawPrompts(this.prompts, channel, thread, () => true);
    this.composer.draw();
    if (store.place.focus === "thread") this.composer.takeFocus();
    if (moved) this.follow.toEnd();
    else {
      this.follow.settle();
      if (arrived) this.follow.announce();
    }
    if (store.place.reveal && this.follow.reveal(this.list.find(store.place.reveal))) store.place.reveal = null;
    this.seen = `${store.me} ${channel} ${thread}`;
  }
}
