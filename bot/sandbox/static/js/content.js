/** What stands inside a message: its blocks or its text, its attachments and its files. */

import { drawBlocks } from "./blocks/index.js";
import { h, icon, morph, renew } from "./dom.js";
import { link } from "./links.js";
import { mrkdwn } from "./mrkdwn.js";

function attachment(data, scope) {
  const blocks = h("div", { class: "blocks" });
  if (data.blocks) drawBlocks(blocks, data.blocks, scope);
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
  return link(address, [icon("file"), h("span", {}, data.title || data.name || "file"), h("small", {}, size)], {
    class: "file-chip",
    "data-testid": "file",
  });
}

/** Builds the inside of one message once; `drawContent` keeps it true afterwards. */
export function contentHost() {
  return h(
    "div",
    { class: "content" },
    h("div", { class: "prose words" }),
    h("div", { class: "blocks" }),
    h("div", { class: "extras" }),
  );
}

/** Makes `host` show `message`; what has not changed is not touched. With blocks, the text is only their fallback. */
export function drawContent(host, message, scope) {
  const [words, blocks, extras] = host.children;
  const text = message.blocks?.length ? "" : (message.text ?? "");
  morph(words, h("div", { class: "prose words" }, mrkdwn(text)));
  drawBlocks(blocks, message.blocks, scope);
  host.classList.toggle("growing", message.streaming === true);
  renew(extras, [message.attachments, message.files, scope.reader], () => [
    ...(message.attachments ?? []).map((one) => attachment(one, scope)),
    ...(message.files ?? []).map(file),
  ]);
}
