/** The bot's Home tab, as the reader sees it. */

import { drawBlocks } from "./blocks/index.js";
import { h } from "./dom.js";
import { nameOf } from "./people.js";
import { viewScope } from "./scope.js";
import { store } from "./store.js";

function nothing() {
  return h(
    "div",
    { class: "empty" },
    h("h2", {}, nameOf(store.botId)),
    h("p", {}, "The Home tab has nothing to show yet."),
  );
}

/** Makes `host` show the Home view; blocks that did not change keep their state. */
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
      viewScope("home", () => store.home),
    );
}
