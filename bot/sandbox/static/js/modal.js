/** Modal views: the top of the stack in a dialog, with its errors under the fields they belong to. */

import { act } from "./api.js";
import { drawBlocks } from "./blocks/index.js";
import { h, icon } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { viewScope, viewValues } from "./scope.js";
import { store } from "./store.js";

let dialog = null;
let shown = null;

const text = (object, fallback) => plain(object?.text ?? fallback);

/** Shows the reader's topmost view, or nothing; called whenever the store changed. */
export function drawModal() {
  const view = store.views.at(-1) ?? null;
  if (!view) {
    shut();
    return;
  }
  if (!dialog) open();
  const sign = JSON.stringify([view, store.viewErrors, store.views.length, store.me]);
  if (dialog.sign === sign) return;
  dialog.sign = sign;
  draw(view, store.viewErrors);
}

function open() {
  dialog = h("dialog", { class: "dialog modal", "aria-labelledby": "modal-title", "data-testid": "modal" });
  // Escape closes one view of the stack, and only the bot's answer takes it away.
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave(false);
  });
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  document.body.append(dialog);
  dialog.showModal();
}

function shut() {
  if (!dialog) return;
  dialog.close();
  dialog.remove();
  dialog = null;
  shown = null;
}

function leave(all) {
  act("close_view", { view_id: shown.view.id, all });
}

/** Another view is drawn anew; the same view keeps its form, so that what was typed stays. */
function draw(view, errors) {
  const same = shown?.view.id === view.id && shown.view.callback_id === view.callback_id;
  const scope = same ? shown.scope : viewScope("modal", () => (shown?.view.id === view.id ? shown.view : view));
  scope.errors = errors;
  if (!same) {
    const body = h("div", { class: "blocks" });
    const general = h("p", { class: "field-error", role: "alert", "data-testid": "modal-error" });
    const head = h("header", { class: "modal-head" });
    const foot = h("footer", { class: "dialog-foot" });
    dialog.replaceChildren(
      h(
        "form",
        { class: "modal-form", novalidate: true, onsubmit: submit },
        head,
        h("div", { class: "dialog-body" }, general, body),
        foot,
      ),
    );
    shown = { view, scope, body, general, head, foot };
  }
  shown.view = view;
  drawFrame(view);
  // An error that belongs to no field stands above them.
  shown.general.textContent = errors[""] ?? "";
  drawBlocks(shown.body, view.blocks, scope);
  const wrong = shown.body.querySelector(".has-error input, .has-error textarea, .has-error select");
  if (wrong) wrong.focus();
  else if (!same)
    (shown.body.querySelector("[autofocus]") ?? shown.body.querySelector("input, textarea, select, button"))?.focus();
}

function drawFrame(view) {
  const deeper = store.views.length > 1;
  shown.head.replaceChildren(
    ...[
      deeper
        ? h(
            "button",
            {
              class: "tool",
              type: "button",
              "aria-label": "Back",
              "data-testid": "modal-back",
              onclick: () => leave(false),
            },
            icon("back"),
          )
        : null,
      h("h2", { id: "modal-title" }, text(view.title, "")),
      h(
        "button",
        {
          class: "tool",
          type: "button",
          "aria-label": "Close",
          "data-testid": "modal-close",
          onclick: () => leave(true),
        },
        icon("close"),
      ),
    ].filter(Boolean),
  );
  shown.foot.replaceChildren(
    ...[
      h(
        "button",
        { class: "button", type: "button", "data-testid": "modal-cancel", onclick: () => leave(false) },
        text(view.close, "Cancel"),
      ),
      view.submit
        ? h(
            "button",
            { class: "button button-primary", type: "submit", "data-testid": "modal-submit" },
            text(view.submit, "Submit"),
          )
        : null,
    ].filter(Boolean),
  );
}

async function submit(event) {
  event.preventDefault();
  const { view, scope, foot } = shown;
  const button = foot.querySelector('[type="submit"]');
  button.disabled = true;
  const answer = await act("submit_view", { view_id: view.id, values: viewValues(view, scope.values) });
  button.disabled = false;
  store.update((known) => {
    if (known.views.at(-1)?.id === view.id) known.viewErrors = answer?.errors ?? {};
  });
}
