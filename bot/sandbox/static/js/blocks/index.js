/** Chooses the renderer of a block by its type, and keeps drawn blocks whose data has not changed. */

import { h, keepFocus, morph } from "../dom.js";
import { redBox } from "../errors.js";
import { actions, contextActions } from "./actions.js";
import { alert, card, carousel, container } from "./cards.js";
import { chart } from "./chart.js";
import { dataTable } from "./data_table.js";
import { input } from "./input.js";
import { call, file, image, video } from "./media.js";
import { richText } from "./rich_text.js";
import { table } from "./table.js";
import { plan, taskCard } from "./tasks.js";
import { context, divider, header, markdownBlock, section } from "./text.js";

const RENDERERS = {
  header,
  section,
  divider,
  context,
  markdown: markdownBlock,
  actions,
  context_actions: contextActions,
  input,
  image,
  video,
  file,
  call,
  rich_text: richText,
  table,
  data_table: dataTable,
  data_visualization: chart,
  task_card: taskCard,
  plan,
  alert,
  card,
  carousel,
  container,
};

/** Blocks whose drawing holds no listener, so a changed one is patched in place instead of replaced. */
const QUIET = new Set(["markdown", "rich_text", "header", "context", "task_card", "plan"]);

/** One block on one surface; an unknown type, or one that cannot be drawn, is a red box that names it. */
export function block(data, surface) {
  const render = RENDERERS[data?.type];
  if (!render) return redBox(`Unknown block "${data?.type}"`, data);
  try {
    const node = render(data, surface);
    node.dataset.block = data.type;
    if (data.block_id) node.dataset.blockId = data.block_id;
    return node;
  } catch (error) {
    return redBox(`Block "${data.type}" cannot be drawn: ${error.message}`, data);
  }
}

function signature(data, surface) {
  return JSON.stringify([data, surface.reader, surface.errors?.[data?.block_id] ?? null]);
}

function redrawn(current, data, surface) {
  const next = block(data, surface);
  if (QUIET.has(data.type) && current.dataset.block === data.type && next.dataset.block === data.type) {
    morph(current, next);
    return current;
  }
  return next;
}

/** Makes `host` show exactly `list`, leaving unchanged blocks alone so that focus, input and toggles stay. */
export function drawBlocks(host, list, surface) {
  const blocks = list ?? [];
  blocks.forEach((data, index) => {
    const current = host.children[index];
    const sign = signature(data, surface);
    if (current?.blockSignature === sign) return;
    const node = current ? redrawn(current, data, surface) : block(data, surface);
    node.blockSignature = sign;
    if (!current) host.append(node);
    else if (node !== current) keepFocus(host, () => current.replaceWith(node));
  });
  while (host.children.length > blocks.length) host.lastElementChild.remove();
}

/** A fresh host for `list`; children of containers are drawn this way. */
export function blockList(list, surface) {
  const host = h("div", { class: "blocks" });
  drawBlocks(host, list, surface);
  return host;
}
