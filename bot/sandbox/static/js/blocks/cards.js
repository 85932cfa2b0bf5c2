/** Framed blocks: alert, card, carousel and collapsible container. */

import { h, icon } from "../dom.js";
import { element } from "../elements/index.js";
import { picture } from "../links.js";
import { textObject } from "../mrkdwn.js";
import { blockList } from "./index.js";
import { richText } from "./rich_text.js";

const LEVELS = {
  default: ["info", "Note"],
  info: ["info", "Information"],
  success: ["check", "Success"],
  warning: ["alert", "Warning"],
  error: ["alert", "Error"],
};

/** A coloured notice; the level is also a word for screen readers, never the colour alone. */
export function alert(data) {
  const level = LEVELS[data.level] ? data.level : "default";
  const [glyph, words] = LEVELS[level];
  return h(
    "div",
    { class: `alert alert-${level}`, role: "note" },
    h("span", { role: "img", "aria-label": words }, icon(glyph)),
    h("div", { class: "prose" }, textObject(data.text)),
  );
}

const imageOf = (data, className) =>
  data ? picture(data.image_url ?? data.slack_file?.url, data.alt_text, className) : null;

/** A card: picture, title, text and buttons. */
export function card(data, surface) {
  const context = { surface, blockId: data.block_id, input: false, label: data.title?.text };
  return h(
    "article",
    { class: "card" },
    imageOf(data.hero_image, "card-hero"),
    h(
      "div",
      { class: "card-head" },
      imageOf(data.icon, "card-icon"),
      h(
        "div",
        {},
        data.title ? h("strong", { class: "card-title" }, textObject(data.title)) : null,
        data.subtitle ? h("div", { class: "card-subtitle" }, textObject(data.subtitle)) : null,
      ),
    ),
    data.body ? h("div", { class: "prose" }, textObject(data.body)) : null,
    data.actions?.length
      ? h(
          "div",
          { class: "block-actions" },
          data.actions.map((item) => element(item, context)),
        )
      : null,
  );
}

/** Cards side by side, scrolled sideways. */
export function carousel(data, surface) {
  return h(
    "div",
    { class: "carousel", role: "group", "aria-label": "Cards", tabindex: 0 },
    data.elements.map((item) => card(item, surface)),
  );
}

/** A titled frame around other blocks; `is_collapsible` makes it fold. */
export function container(data, surface) {
  const title = data.rich_text_title ? richText(data.rich_text_title) : h("strong", {}, textObject(data.title));
  const head = [
    imageOf(data.icon, "card-icon"),
    h("div", { class: "container-title" }, title, data.subtitle ? h("small", {}, textObject(data.subtitle)) : null),
  ];
  const body = blockList(data.child_blocks, surface);
  const width = ["narrow", "standard", "wide", "full"].includes(data.width) ? data.width : "standard";
  if (data.is_collapsible) {
    return h(
      "details",
      { class: `container container-${width}`, open: !data.default_collapsed },
      h("summary", {}, icon("chevron"), head),
      body,
    );
  }
  return h(
    "div",
    { class: `container container-${width}` },
    h("div", { class: data.has_header_divider ? "container-head ruled" : "container-head" }, head),
    body,
  );
}
