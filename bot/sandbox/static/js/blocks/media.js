/** Blocks for external content: image, video, file, call. Nothing is loaded from other hosts. */

import { h, icon } from "../dom.js";
import { link, picture } from "../links.js";
import { textObject } from "../mrkdwn.js";

/** A picture with its title. */
export function image(data) {
  const source = data.image_url ?? data.slack_file?.url ?? data.slack_file?.id;
  return h(
    "figure",
    { class: "block-image" },
    data.title ? h("figcaption", {}, textObject(data.title)) : null,
    picture(source, data.alt_text),
  );
}

/** A video's card; it opens in a new tab, because nothing outside is embedded. */
export function video(data) {
  return h(
    "div",
    { class: "block-video" },
    h("div", { class: "video-poster" }, icon("play"), h("span", {}, data.alt_text ?? "video")),
    h("strong", {}, data.title_url ? link(data.title_url, textObject(data.title)) : textObject(data.title)),
    data.description ? h("p", {}, textObject(data.description)) : null,
    h("small", {}, [data.provider_name, data.author_name].filter(Boolean).join(" · ")),
  );
}

/** A remote file, by its id. */
export function file(data) {
  return h(
    "div",
    { class: "file-chip" },
    icon("file"),
    h("span", {}, data.external_id ?? data.file_id ?? "file"),
    h("small", {}, data.source ?? ""),
  );
}

/** A call's name; calls cannot be joined here. */
export function call(data) {
  return h("div", { class: "file-chip" }, icon("play"), h("span", {}, data.call?.v1?.name ?? `Call ${data.call_id}`));
}
