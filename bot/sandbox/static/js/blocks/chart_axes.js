/** Scales, ticks and labels of charts with an x and a y axis. */

import { svg } from "../dom.js";

/** A round step that cuts `span` into about four. */
function niceStep(span) {
  const raw = span / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw);
}

const COMPACT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 2 });

/** Where categories and values lie on a canvas: `x(index)`, `y(value)`, the ticks, and the plot's edges in pixels. */
export function scales(values, { categories, x_label: below, y_label: beside }, width, height) {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const step = niceStep(high - low);
  const bottomValue = Math.floor(low / step) * step;
  const topValue = Math.ceil(high / step) * step || step;
  const ticks = [];
  for (let tick = bottomValue; tick <= topValue + step / 2; tick += step) ticks.push(Number(tick.toPrecision(12)));
  const gutter = Math.max(...ticks.map((tick) => COMPACT.format(tick).length)) * 7 + 10 + (beside ? 16 : 0);
  const edges = { left: gutter, right: width - 8, top: 10, bottom: height - (below ? 44 : 26) };
  const band = (edges.right - edges.left) / Math.max(categories.length, 1);
  return {
    ...edges,
    ticks,
    band,
    width,
    height,
    x: (index) => edges.left + band * (index + 0.5),
    y: (value) => edges.bottom - ((value - bottomValue) / (topValue - bottomValue)) * (edges.bottom - edges.top),
  };
}

/** A label cut to the room it has; the whole of it stays as a tooltip. */
function categoryLabel(scale, category, index, every) {
  const room = Math.max(3, Math.floor((scale.band * every) / 6.5));
  const label = category.length > room ? `${category.slice(0, room - 1)}…` : category;
  return svg(
    "text",
    { x: scale.x(index), y: scale.bottom + 16, "text-anchor": "middle" },
    svg("title", {}, category),
    label,
  );
}

/** Grid lines, tick labels, category labels (thinned out where there is no room) and axis titles. */
export function drawAxes(scale, config) {
  const every = Math.max(1, Math.ceil(34 / scale.band));
  return [
    ...scale.ticks.flatMap((tick) => [
      svg("line", {
        class: tick === 0 ? "axis" : "grid-line",
        x1: scale.left,
        x2: scale.right,
        y1: scale.y(tick),
        y2: scale.y(tick),
      }),
      svg("text", { x: scale.left - 6, y: scale.y(tick) + 4, "text-anchor": "end" }, COMPACT.format(tick)),
    ]),
    ...config.categories.map((category, index) =>
      index % every === 0 ? categoryLabel(scale, category, index, every) : null,
    ),
    config.x_label
      ? svg(
          "text",
          { class: "axis-title", x: (scale.left + scale.right) / 2, y: scale.height - 8, "text-anchor": "middle" },
          config.x_label,
        )
      : null,
    config.y_label
      ? svg(
          "text",
          {
            class: "axis-title",
            x: 0,
            y: 0,
            "text-anchor": "middle",
            transform: `translate(11 ${(scale.top + scale.bottom) / 2}) rotate(-90)`,
          },
          config.y_label,
        )
      : null,
  ].filter(Boolean);
}
