/** Keeps a column scrolled to its end as new text arrives, unless the reader has scrolled up. */

import { h, icon } from "./dom.js";

const NEAR_END_PIXELS = 64;

/** Watches `scroller`; call `settle()` after drawing and `toEnd()` when another conversation is shown. */
export class AutoScroll {
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
    scroller.addEventListener("scroll", () => this.updatePinned(), { passive: true });
    new ResizeObserver(() => this.settle()).observe(scroller.firstElementChild);
    new ResizeObserver(() => this.settle()).observe(scroller);
  }

  updatePinned() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.pinned = scrollHeight - scrollTop - clientHeight < NEAR_END_PIXELS;
    if (this.pinned) this.pill.hidden = true;
  }

  settle() {
    if (this.pinned) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Shows the "New messages" pill if a new message is out of view. */
  announce() {
    if (!this.pinned) this.pill.hidden = false;
  }

  /** Scrolls to a message and focuses it. Returns false if it is not drawn yet. */
  reveal(message) {
    if (!message) return false;
    this.pinned = false;
    message.scrollIntoView({ block: "center" });
    message.classList.add("revealed");
    message.focus({ preventScroll: true });
    this.updatePinned();
    return true;
  }

  toEnd() {
    this.pinned = true;
    this.pill.hidden = true;
    this.settle();
  }
}
