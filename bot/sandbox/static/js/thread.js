/** The pane beside the channel: one thread with its own composer, status and Stop button. */

import { AutoScroll } from "./autoscroll.js";
import { Composer } from "./composer.js";
import { h, icon } from "./dom.js";
import { openThread } from "./location.js";
import { MessageList } from "./messages.js";
import { drawPrompts } from "./prompts.js";
import { drawStatus } from "./status.js";
import { store } from "./store.js";

/** The pane; `draw()` updates it from the store. */
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
      where: () => ({ channel: store.location.channel, thread: store.location.thread }),
      testId: "thread-composer",
      sent: () => this.autoscroll.toEnd(),
    });
    const stream = h(
      "div",
      { class: "stream" },
      this.scroller,
      h("div", { class: "below" }, this.status, this.prompts, this.composer.node),
    );
    host.append(head, stream);
    this.autoscroll = new AutoScroll(this.scroller, stream);
    this.drawnKey = null;
    host.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.close();
    });
  }

  close() {
    const parent = store.location.thread;
    openThread(null);
    document.querySelector(`[data-testid="message-list"] [data-ts="${CSS.escape(parent ?? "")}"]`)?.focus();
  }

  draw() {
    const { channel, thread } = store.location;
    const parent = thread ? store.message(channel, thread) : null;
    this.host.hidden = !thread;
    if (!thread) {
      this.drawnKey = null;
      return;
    }
    const moved = this.drawnKey !== `${store.me} ${channel} ${thread}`;
    const title = store.session(channel, thread)?.title || "Thread";
    this.title.replaceChildren(
      h("h2", {}, title),
      h("small", {}, store.here?.kind === "im" ? store.title(store.here) : `#${store.here?.name ?? ""}`),
    );
    const arrived = this.list.draw(channel, [...(parent ? [parent] : []), ...store.replies(channel, thread)]);
    drawStatus(this.status, channel, thread);
    drawPrompts(this.prompts, channel, thread, () => true);
    this.composer.draw();
    if (store.location.focus === "thread") this.composer.takeFocus();
    if (moved) this.autoscroll.toEnd();
    else {
      this.autoscroll.settle();
      if (arrived) this.autoscroll.announce();
    }
    const { reveal } = store.location;
    if (reveal && this.autoscroll.reveal(this.list.find(reveal))) store.location.reveal = null;
    this.drawnKey = `${store.me} ${channel} ${thread}`;
  }
}
