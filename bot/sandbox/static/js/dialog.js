/** A confirmation dialog that traps focus, closes with Escape and restores focus. */

import { h } from "./dom.js";
import { textObject } from "./mrkdwn.js";

/** True when the person agreed to a Block Kit confirm object; false for "no", Escape and a click outside. */
export function confirmFirst(confirm) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { class: "dialog dialog-small", "data-testid": "confirm", "aria-labelledby": "confirm-title" },
      h("h2", { id: "confirm-title" }, textObject(confirm.title)),
      h("div", { class: "dialog-body" }, textObject(confirm.text)),
      h(
        "div",
        { class: "dialog-foot" },
        h(
          "button",
          { class: "button", type: "button", "data-testid": "confirm-deny", onclick: () => dialog.close("no") },
          textObject(confirm.deny ?? { type: "plain_text", text: "Cancel" }),
        ),
        h(
          "button",
          {
            class: `button button-${confirm.style === "danger" ? "danger" : "primary"}`,
            type: "button",
            autofocus: true,
            "data-testid": "confirm-yes",
            onclick: () => dialog.close("yes"),
          },
          textObject(confirm.confirm ?? { type: "plain_text", text: "Yes" }),
        ),
      ),
    );
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close("no");
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
