/** A menu at a button: arrow keys move, Enter chooses, Escape closes and restores focus. */

import { h, icon } from "./dom.js";
import { safeUrl } from "./links.js";

let current = null;

/** Closes the open menu. Returns whether there was one. */
export function closeMenu() {
  if (!current) return false;
  current();
  return true;
}

function item({ label, detail, url, glyph, testId, choose, pressed }, close) {
  const href = url ? safeUrl(url) : null;
  const inside = [glyph ? icon(glyph) : null, h("span", {}, label, detail ? h("small", {}, detail) : null)];
  const properties = {
    class: "menu-item",
    role: pressed === undefined ? "menuitem" : "menuitemradio",
    tabindex: -1,
    "data-testid": testId ?? null,
    "aria-checked": pressed === undefined ? null : String(pressed),
    onclick: () => {
      close();
      choose();
    },
  };
  return href
    ? h("a", { ...properties, href, target: "_blank", rel: "noopener noreferrer" }, inside)
    : h("button", { ...properties, type: "button" }, inside);
}

function beside(anchor, menu) {
  const box = anchor.getBoundingClientRect();
  const above = box.bottom + menu.offsetHeight + 12 > window.innerHeight && box.top > menu.offsetHeight;
  const left = Math.min(box.left, window.innerWidth - menu.offsetWidth - 8);
  menu.style.left = `${Math.max(8, left)}px`;
  menu.style.top = `${above ? box.top - menu.offsetHeight - 4 : box.bottom + 4}px`;
}

/** Opens a menu of `items` (`{label, detail?, glyph?, url?, testId?, pressed?, choose}`) at `anchor`. */
export function openMenu(anchor, items, label = "Menu") {
  closeMenu();
  const close = () => {
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    anchor.setAttribute("aria-expanded", "false");
    current = null;
  };
  const menu = h(
    "div",
    { class: "menu", role: "menu", "aria-label": label, "data-testid": "menu" },
    items.map((entry) => item(entry, close)),
  );
  const outside = (event) => {
    if (!menu.contains(event.target)) close();
  };
  menu.addEventListener("keydown", (event) => {
    const entries = [...menu.querySelectorAll(".menu-item")];
    const at = entries.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + entries.length, Home: 0, End: entries.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      entries[next % entries.length].focus();
    }
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      close();
      anchor.focus();
    }
  });
  // Inside an open dialog the menu must be its child, or it would lie beneath it.
  (anchor.closest("dialog") ?? document.body).append(menu);
  beside(anchor, menu);
  anchor.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", outside, true);
  current = close;
  menu.querySelector(".menu-item")?.focus();
}
