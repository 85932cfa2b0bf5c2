/** Text blocks: header, section, context, divider, markdown. */

import { h } from "../dom.js";
import { element } from "../elements/index.js";
import { picture } from "../links.js";
import { markdown } from "../markdown.js";
import { textObject } from "../mrkdwn.js";

/** A headline inside a message or view. */
export function header(data) {
  return h("h3", { class: "block-header" }, textObject(data.text));
}

/** A line between blocks. */
export function divider() {
  return h("hr", { class: "block-divider" });
}

/** Text, up to ten fields in two columns, and one element at the side. */
export function section(data, surface) {
  const label = data.text?.text ?? null;
  const context = { surface, blockId: data.block_id, input: false, label };
  return h(
    "div",
    { class: data.accessory ? "block-section has-accessory" : "block-section" },
    h(
      "div",
      { class: "section-text" },
      data.text ? h("div", { class: "prose" }, textObject(data.text)) : null,
      data.fields
        ? h(
            "div",
            { class: "fields" },
            data.fields.map((field) => h("div", { class: "prose" }, textObject(field))),
          )
        : null,
    ),
    data.accessory ? h("div", { class: "accessory" }, element(data.accessory, context)) : null,
  );
}

/** Small print: texts and small images in one line. */
export function context(data) {
  return h(
    "div",
    { class: "block-context" },
    data.elements.map((part) =>
      part.type === "image"
        ? picture(part.image_url ?? part.slack_file?.url, part.alt_text, "context-image")
        : h("span", { class: "prose" }, textObject(part)),
    ),
  );
}

/** Markdown as a model writes it. */
export function markdownBlock(data) {
  return h("div", { class: "prose markdown" }, markdown(data.text));
}
