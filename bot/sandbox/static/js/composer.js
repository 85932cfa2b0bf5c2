/** The composer: a field that grows with its text, one draft per conversation, and autocompletion. */

import { act } from "./api.js";
import { Autocomplete } from "./autocomplete.js";
import { h, icon } from "./dom.js";
import { written } from "./mentions.js";
import { store } from "./store.js";
import { upload } from "./upload.js";

const LONGEST = 40_000;

/** Screens with room for a thread beside the channel, which mostly have a keyboard too. */
export const WIDE = window.matchMedia("(min-width: 900px)");

/** `where()` returns the conversation; `sent(ts)` is called after each message that was posted. */
export class Composer {
  constructor({ where, testId, sent }) {
    this.where = where;
    this.sent = sent;
    this.drafts = new Map();
    this.draftKey = null;
    this.field = h("textarea", {
      class: "composer-field",
      rows: 1,
      maxlength: LONGEST,
      "data-testid": testId,
      "aria-label": "Message",
    });
    this.button = h(
      "button",
      {
        class: "send",
        type: "button",
        disabled: true,
        "aria-label": "Send",
        "data-testid": `${testId}-send`,
        onclick: () => this.send(),
      },
      icon("send"),
    );
    this.picker = h("input", {
      type: "file",
      class: "sr-only",
      tabindex: -1,
      "aria-hidden": "true",
      onchange: () => this.attach(),
    });
    const attach = h(
      "button",
      {
        class: "tool",
        type: "button",
        "aria-label": "Attach a file",
        title: "Attach a file",
        onclick: () => this.picker.click(),
      },
      icon("plus"),
    );
    this.node = h(
      "div",
      { class: "composer" },
      h("div", { class: "composer-box" }, attach, this.picker, this.field, this.button),
      h(
        "p",
        { class: "composer-hint", "aria-hidden": "true" },
        h("kbd", {}, "Enter"),
        " sends · ",
        h("kbd", {}, "Shift"),
        "+",
        h("kbd", {}, "Enter"),
        " new line",
      ),
    );
    this.autocomplete = new Autocomplete(this.field, this.node, () => this.changed());
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    // An input method's own Enter chooses a word and must not send.
    if (event.isComposing || this.autocomplete.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    }
  }

  changed() {
    this.drafts.set(this.draftKey, this.field.value);
    this.button.disabled = !this.field.value.trim();
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  /** Shows the draft and the label of the conversation it now belongs to. */
  draw() {
    const { channel, thread } = this.where();
    const key = `${store.me} ${channel} ${thread ?? ""}`;
    if (key === this.draftKey) return;
    this.draftKey = key;
    this.field.value = this.drafts.get(key) ?? "";
    const here = store.channel(channel);
    const name = here ? `${here.kind === "im" ? "" : "#"}${store.title(here)}` : "";
    const label = thread ? "Reply…" : `Message ${name}`;
    this.field.placeholder = label;
    this.field.setAttribute("aria-label", thread ? `Reply in thread in ${name}` : label);
    this.autocomplete.close();
    this.changed();
  }

  /** Focuses the field, except on a small screen, where the keyboard would cover the messages. */
  takeFocus() {
    store.location.focus = null;
    if (WIDE.matches) this.field.focus({ preventScroll: true });
  }

  /** Sends the text. It stays in the field if the sandbox refuses it. */
  async send() {
    const text = this.field.value.trim();
    if (!text) return;
    const { channel, thread } = this.where();
    const from = this.draftKey;
    const place = { channel, ...(thread ? { thread_ts: thread } : {}) };
    this.clear();
    const command = /^(\/[a-z][\w-]*)(?:\s+([\s\S]*))?$/i.exec(text);
    const answer = command
      ? await act("slash", { ...place, command: command[1], text: written(command[2] ?? "") })
      : await act("say", { ...place, text: written(text) });
    if (answer === null) this.restore(from, text);
    else this.sent(answer.ts ?? null);
  }

  clear() {
    this.field.value = "";
    this.autocomplete.close();
    this.changed();
  }

  restore(key, text) {
    this.drafts.set(key, text);
    if (this.draftKey === key && !this.field.value) {
      this.field.value = text;
      this.changed();
    }
  }

  async attach() {
    const [file] = this.picker.files;
    this.picker.value = "";
    if (!file) return;
    const { channel, thread } = this.where();
    const answer = await upload(
      file,
      { channel, ...(thread ? { thread_ts: thread } : {}) },
      written(this.field.value.trim()),
    );
    if (answer) {
      this.clear();
      this.sent(answer.ts ?? null);
    }
  }
}
