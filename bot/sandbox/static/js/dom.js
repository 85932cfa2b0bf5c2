/** Builds DOM nodes from data without ever parsing markup, and patches one tree into another. */

const SVG = "http://www.w3.org/2000/svg";

/** Sets one property of a fresh element. Listeners must be functions; markup-bearing properties are refused. */
function setProperty(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) {
    if (typeof value !== "function") throw new TypeError(`${name} needs a function`);
    node.addEventListener(name.slice(2), value);
  } else if (["innerHTML", "outerHTML", "srcdoc", "style"].includes(name)) {
    throw new TypeError(`${name} is never set from data`);
  } else if (name === "dataset") {
    Object.assign(node.dataset, value);
  } else if (["value", "checked", "disabled", "selected", "indeterminate", "open"].includes(name)) {
    node[name] = value;
  } else {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) if (name !== "value") setProperty(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  // A select takes its value only once its options are inside.
  if (properties && "value" in properties) setProperty(node, "value", properties.value);
  return node;
}

/** An HTML element; children are nodes or strings (strings become text, never markup). */
export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** An SVG element. */
export function svg(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

/** Replaces the children of `node` with `children`, without touching those already in place. */
export function place(node, children) {
  const wanted = children.filter(Boolean);
  wanted.forEach((child, index) => {
    if (node.childNodes[index] !== child) node.insertBefore(child, node.childNodes[index] ?? null);
  });
  while (node.childNodes.length > wanted.length) node.lastChild.remove();
}

/** Runs `change`, which redraws parts of `host`, and moves the focus to the replacement of the focused control. */
export function keepFocus(host, change) {
  const active = host.contains(document.activeElement) ? document.activeElement : null;
  const mark = active ? ["channel", "action", "testid"].find((name) => active.dataset[name]) : undefined;
  const value = mark ? active.dataset[mark] : null;
  change();
  if (mark && !host.contains(document.activeElement)) {
    [...host.querySelectorAll(`[data-${mark}]`)]
      .find((node) => node.dataset[mark] === value)
      ?.focus({ preventScroll: true });
  }
}

/** Redraws `host` only if `sign` (everything that its content depends on) has changed since the last call. */
export function renew(host, sign, make) {
  const text = JSON.stringify(sign);
  if (host.sign === text) return;
  host.sign = text;
  keepFocus(host, () => host.replaceChildren(...[make()].flat().filter(Boolean)));
}

function sameKind(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName;
}

function patchAttributes(from, to) {
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
}

/**
 * Makes `from` look like `to`, touching only what differs, so that text being streamed neither flickers nor loses
 * the reader's selection. Only for trees without listeners.
 */
export function morph(from, to) {
  if (from.nodeType === Node.TEXT_NODE) {
    if (from.data !== to.data) {
      // Growing text is appended to, which keeps a selection inside it alive.
      if (to.data.startsWith(from.data)) from.appendData(to.data.slice(from.data.length));
      else from.data = to.data;
    }
    return;
  }
  patchAttributes(from, to);
  const next = [...to.childNodes];
  next.forEach((child, index) => {
    const current = from.childNodes[index];
    if (!current) from.append(child);
    else if (sameKind(current, child)) morph(current, child);
    else current.replaceWith(child);
  });
  while (from.childNodes.length > next.length) from.lastChild.remove();
}

/** A line icon from the page's own set; decorative, so hidden from screen readers. */
export function icon(name) {
  const path = ICONS[name] ?? ICONS.dot;
  return svg(
    "svg",
    { class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true" },
    svg("path", { d: path }),
  );
}

const ICONS = {
  menu: "M4 6h16M4 12h16M4 18h16",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  send: "M4 12l16-8-6 16-3-7z",
  stop: "M7 7h10v10H7z",
  thread: "M4 5h16v11H9l-5 4z",
  smile: "M12 21a9 9 0 100-18 9 9 0 000 18zM8.500 14.500c1.800 2 5.200 2 7 0M9 9.500h.01M15 9.500h.01",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  braces: "M9 4c-3 0-1 7-4 8 3 1 1 8 4 8M15 4c3 0 1 7 4 8-3 1-1 8-4 8",
  hash: "M9 4L7 20M17 4l-2 16M4 9h16M4 15h16",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 017 0v3",
  up: "M7 10v10H4V10zM7 11l4-8c1.500 0 2.500 1 2.500 2.500V9H19c1.200 0 2 1 1.800 2.200l-1.200 7c-.2 1-1 1.800-2 1.800H7",
  down: "M17 14V4h3v10zM17 13l-4 8c-1.500 0-2.500-1-2.500-2.500V15H5c-1.200 0-2-1-1.800-2.200l1.200-7c.2-1 1-1.800 2-1.800H17",
  edit: "M4 20l1-5L16 4l4 4L9 19z",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  check: "M5 12l5 5 9-11",
  alert: "M12 4l9 16H3zM12 10v4M12 17h.01",
  info: "M12 21a9 9 0 100-18 9 9 0 000 18zM12 11v5M12 8h.01",
  chevron: "M8 5l7 7-7 7",
  arrow: "M12 5v14M6 13l6 6 6-6",
  file: "M6 3h8l4 4v14H6zM14 3v5h4",
  play: "M8 5l11 7-11 7z",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7zM12 15a3 3 0 100-6 3 3 0 000 6z",
  refresh: "M20 11a8 8 0 10-2 6M20 5v6h-6",
  clock: "M12 21a9 9 0 100-18 9 9 0 000 18zM12 7v5l3 2",
  shuffle: "M4 7h4l8 10h4M4 17h4l2-2.500M14 9.500L16 7h4M17 4l3 3-3 3M17 14l3 3-3 3",
  question: "M12 21a9 9 0 100-18 9 9 0 000 18zM9.500 9.500c0-3 5-3 5 0 0 2-2.500 2-2.500 4M12 17h.01",
  link: "M10 14a4 4 0 006 0l3-3a4 4 0 00-6-6l-1 1M14 10a4 4 0 00-6 0l-3 3a4 4 0 006 6l1-1",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  plus: "M12 5v14M5 12h14",
  dot: "M12 12h.01",
};

/** Whether the page's own set has this icon; an icon button with another name shows its text instead. */
export function hasIcon(name) {
  return Object.hasOwn(ICONS, name);
}
