/** Keeps a scrolling column at its end while new text arrives, and leaves it alone where the reader scrolled up. */

import { h, icon } from "./dom.js";

const NEAR = 64;

/** Watches `scroller`; call `settle()` after drawing and `toEnd()` when another conversation is shown. */
export class Follow {
  constructor(scroller, host) {
    this.scroller = scroller;
    this.pinned = true;
    this.pill = h(
      "button",
      { class: "new-pill", type: "button", hidden: true, "data-testid": "jump-to-end", onclick: () => this.toEnd() },
      icon("arrow"),
      "New messages",
    );
    host.append(this.pill);
    scroller.addEventListener("scroll", () => this.look(), { passive: true });
    new ResizeObserver(() => this.settle()).observe(scroller.firstElementChild);
    new ResizeObserver(() => this.settle()).observe(scroller);
  }

  look() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.pinned = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.pinned) this.pill.hidden = true;
  }

  settle() {
    if (this.pinned) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Something new was added below; says so when it is out of sight. */
  announce() {
    if (!this.pinned) this.pill.hidden = false;
  }

  /** Brings one message into view and gives it the focus; false while it is not drawn. */
  reveal(message) {
    if (!message) return false;
    this.pinned = false;
    message.scrollIntoView({ block: "center" });
    message.classList.add("revealed");
    message.focus({ preventScroll: true });
    this.look();
    return true;
  }

  toEnd() {
    this.pinned = true;
    this.pill.hidden = true;
    this.settle();
  }
}
