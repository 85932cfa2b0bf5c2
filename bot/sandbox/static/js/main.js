/** Entry point: creates the components and redraws them when the store changes. */

import "./errors.js";
import { enter } from "./api.js";
import { Conversation } from "./conversation.js";
import { h } from "./dom.js";
import { note } from "./errors.js";
import { drawHeader } from "./header.js";
import { openThread, restoreLocation, setDrawer } from "./location.js";
import { drawModal } from "./modal.js";
import { drawSidebar } from "./sidebar.js";
import { store } from "./store.js";
import { Thread } from "./thread.js";

const byId = (id) => document.getElementById(id);

function title() {
  const here = store.here;
  const waiting = store.channels.some((channel) => channel.id !== store.location.channel && store.unread(channel.id));
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
    byId("app").classList.toggle("with-thread", Boolean(store.location.thread));
    byId("app").setAttribute("aria-busy", "false");
    byId("scrim").hidden = !store.location.drawer;
    document.title = title();
  };
  store.subscribe(draw);
  byId("scrim").addEventListener("click", () => setDrawer(false));
  document.addEventListener("visibilitychange", draw);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (store.location.drawer) setDrawer(false);
    else if (store.location.thread) openThread(null);
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
enter("").then(restoreLocation).catch(failed);
