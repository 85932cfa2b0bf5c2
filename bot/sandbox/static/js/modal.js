/** Modal views: shows the top of the stack in a dialog, with errors under their inputs. */

import { act } from "./api.js";
import { drawBlocks } from "./blocks/index.js";
import { h, icon } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { store } from "./store.js";
import { viewSurface, viewValues } from "./surface.js";

let dialog = null;
let current = null;

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
  // Escape closes one view of the stack; a submitted view closes with the bot's answer.
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
  current = null;
}

function leave(all) {
  act("close_view", { view_id: current.view.id, all });
}

/** Draws a view. The form of the same view is kept, so that entered values are not lost. */
function draw(view, errors) {
  const same = current?.view.id === view.id && current.view.callback_id === view.callback_id;
  const surface = same ? current.surface : viewSurface("modal", () => (current?.view.id === view.id ? current.view : view));
  surface.errors = errors;
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
    current = { view, surface, body, general, head, foot };
  }
  current.view = view;
  drawFrame(view);
  // An error without a field is shown above the fields.
  current.general.textContent = errors[""] ?? "";
  drawBlocks(current.body, view.blocks, surface);
  const wrong = current.body.querySelector(".has-error input, .has-error textarea, .has-error select");
  if (wrong) wrong.focus();
  else if (!same)
    (current.body.querySelector("[autofocus]") ?? current.body.querySelector("input, textarea, select, button"))?.focus();
}

function drawFrame(view) {
  const deeper = store.views.length > 1;
  current.head.replaceChildren(
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
  current.foot.replaceChildren(
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
  const { view, surface, foot } = current;
  const button = foot.querySelector('[type="submit"]');
  button.disabled = true;
  const answer = await act("submit_view", { view_id: view.id, values: viewValues(view, surface.values) });
  button.disabled = false;
  store.update((draft) => {
    if (draft.views.at(-1)?.id === view.id) draft.viewErrors = answer?.errors ?? {};
  });
}
