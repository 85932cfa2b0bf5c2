/** Reports what the page cannot show: a red box for people, an entry in `window.sandboxErrors` for tests. */

import { h } from "./dom.js";

window.sandboxErrors = [];

/** Records an error. The list only grows, so tests see every error since the page was opened. */
export function note(message, detail = null) {
  window.sandboxErrors.push({ message, detail });
  console.error(`sandbox page: ${message}`, detail);
}

/** A visible box that names what could not be rendered, and shows the JSON that holds it. */
export function redBox(what, detail) {
  note(what, detail);
  return h(
    "div",
    { class: "red-box", role: "alert", "data-testid": "render-error" },
    h("strong", {}, what),
    h("pre", {}, JSON.stringify(detail, null, 2) ?? ""),
  );
}

window.addEventListener("error", (event) => note(event.message, String(event.error?.stack ?? "")));
window.addEventListener("unhandledrejection", (event) =>
  note("unhandled rejection", String(event.reason?.stack ?? event.reason)),
);
window.addEventListener("securitypolicyviolation", (event) =>
  note(`blocked by the page's policy: ${event.violatedDirective}`, event.blockedURI),
);
