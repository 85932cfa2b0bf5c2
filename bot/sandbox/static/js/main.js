/** Puts the page together: every component draws from the one store, whenever it changed. */

import "./errors.js";
import { enter } from "./api.js";
import { Conversation } from "./conversation.js";
import { h } from "./dom.js";
import { note } from "./errors.js";
import { drawHeader } from "./header.js";
import { drawModal } from "./modal.js";
import { openThread, restore, setDrawer } from "./place.js";
import { drawSidebar } from "./sidebar.js";
import { store } from "./store.js";
import { Thread } from "./thread.js";

const byId = (id) => document.getElementById(id);

function title() {
  const here = store.here;
  const waiting = store.channels.some((channel) => channel.id !== store.place.channel && store.unread(channel.id));
  return `${waiting ? "• " : ""}${here ? `${here.kind === "im" ? "" : "#"}${store.title(here)} · ` : ""}${store.team.name || "Beagle"}`;
}

function start() {
  const conversation = new Conversation(byId("conversation"));
  const thread = new Thread(byId("thread"));
  const draw = () => {
    if (!store.ready) return;
    drawSidebar(byId("sidebar"));
    drawHeader(byId("header"));
    conversation.draw();
    thread.draw();
    drawModal();
    byId("app").classList.toggle("with-thread", Boolean(store.place.thread));
    byId("app").setAttribute("aria-busy", "false");
    byId("scrim").hidden = !store.place.drawer;
    document.title = title();
  };
  store.subscribe(draw);
  byId("scrim").addEventListener("click", () => setDrawer(false));
  document.addEventListener("visibilitychange", draw);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (store.place.drawer) setDrawer(false);
    else if (store.place.thread) openThread(null);
  });
}

function failed(error) {
  note("the workspace could not be read", String(error));
  byId("conversation").replaceChildren(
    h(
      "div",
      { class: "empty", role: "alert" },
      h("h2", {}, "The sandbox does not answer"),
      h("p", {}, String(error.message ?? error)),
    ),
  );
}

start();
enter("").then(restore).catch(failed);
