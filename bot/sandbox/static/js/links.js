/** Links and images: only http(s) and mailto become links, and nothing is loaded from other hosts. */

import { h, icon } from "./dom.js";

const SAFE = new Set(["http:", "https:", "mailto:"]);

/** The address as the browser would open it, or null when it is no web or mail address. */
export function safeUrl(text) {
  try {
    const url = new URL(String(text), window.location.origin);
    return SAFE.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens in a new tab and cannot reach back; the bare label when the address is not safe to open. */
export function link(url, children, properties = {}) {
  const href = safeUrl(url);
  if (href === null) return h("span", { class: "dead-link", title: "This address cannot be opened" }, children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer", ...properties }, children);
}

/**
 * An image of this origin, or a labelled placeholder that links to it: the page makes no request to the outside,
 * and the same address in a message must not tell anybody that it was read.
 */
export function picture(url, alt, className = "picture") {
  const href = safeUrl(url);
  if (href !== null && new URL(href).origin === window.location.origin) {
    return h("img", {
      class: className,
      src: href,
      alt: alt ?? "",
      onerror: (event) => event.target.replaceWith(placeholder(url, alt, className)),
    });
  }
  return placeholder(url, alt, className);
}

function placeholder(url, alt, className) {
  return link(url ?? "", [icon("eye"), h("span", {}, alt || "image")], {
    class: `${className} picture-outside`,
    title: url,
  });
}
