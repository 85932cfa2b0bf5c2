/** The body of a message: its blocks or text, its attachments and its files. */

import { drawBlocks } from "./blocks/index.js";
import { h, icon, morph, renew } from "./dom.js";
import { withToken } from "./api.js";
import { link } from "./links.js";
import { mrkdwn } from "./mrkdwn.js";

function attachment(data, surface) {
  const blocks = h("div", { class: "blocks" });
  if (data.blocks) drawBlocks(blocks, data.blocks, surface);
  return h(
    "div",
    { class: "attachment" },
    data.pretext ? h("div", { class: "prose" }, mrkdwn(data.pretext)) : null,
    data.title ? h("strong", {}, data.title_link ? link(data.title_link, data.title) : data.title) : null,
    data.text
      ? h("div", { class: "prose" }, mrkdwn(data.text))
      : data.blocks
        ? blocks
        : data.fallback
          ? h("div", { class: "prose" }, data.fallback)
          : null,
    data.footer ? h("small", {}, data.footer) : null,
  );
}

function file(data) {
  const address = data.url_private_download ?? data.url_private ?? data.permalink ?? "";
  const size = data.size >= 1024 ? `${Math.round(data.size / 1024)} KB` : `${data.size ?? 0} B`;
  return link(address && withToken(address), [icon("file"), h("span", {}, data.title || data.name || "file"), h("small", {}, size)], {
    class: "file-chip",
    "data-testid": "file",
  });
}

/** Creates the empty body of a message, to be filled by `updateMessageBody`. */
export function createMessageBody() {
  return h(
    "div",
    { class: "content" },
    h("div", { class: "prose words" }),
    h("div", { class: "blocks" }),
    h("div", { class: "extras" }),
  );
}

/** Updates a body to show `message`, leaving unchanged nodes alone. Text is only the fallback of blocks. */
export function updateMessageBody(host, message, surface) {
  const [words, blocks, extras] = host.children;
  const text = message.blocks?.length ? "" : (message.text ?? "");
  morph(words, h("div", { class: "prose words" }, mrkdwn(text)));
  drawBlocks(blocks, message.blocks, surface);
  host.classList.toggle("growing", message.streaming === true);
  renew(extras, [message.attachments, message.files, surface.reader], () => [
    ...(message.attachments ?? []).map((data) => attachment(data, surface)),
    ...(message.files ?? []).map(file),
  ]);
}
