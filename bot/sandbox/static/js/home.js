/** The bot's Home tab. */

import { drawBlocks } from "./blocks/index.js";
import { h } from "./dom.js";
import { nameOf } from "./people.js";
import { store } from "./store.js";
import { viewSurface } from "./surface.js";

function nothing() {
  return h(
    "div",
    { class: "empty" },
    h("h2", {}, nameOf(store.botId)),
    h("p", {}, "The Home tab has nothing to show yet."),
  );
}

/** Draws the Home view into `host`; unchanged blocks keep their state. */
export function drawHome(host) {
  const key = `${store.me} ${store.home?.id ?? "none"}`;
  if (host.dataset.view !== key) {
    host.dataset.view = key;
    host.replaceChildren(store.home ? h("div", { class: "home-inner" }, h("div", { class: "blocks" })) : nothing());
  }
  if (store.home)
    drawBlocks(
      host.querySelector(".blocks"),
      store.home.blocks,
      viewSurface("home", () => store.home),
    );
}
