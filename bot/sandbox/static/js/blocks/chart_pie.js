/** The pie chart: a ring of slices, clockwise from the top. */

import { svg } from "../dom.js";

function point(radius, share, centre) {
  const angle = share * 2 * Math.PI - Math.PI / 2;
  return `${(centre + radius * Math.cos(angle)).toFixed(2)} ${(centre + radius * Math.sin(angle)).toFixed(2)}`;
}

function slice(from, to, outer, inner, centre) {
  // A full circle has no start and end of its own: stop a hair before it closes.
  const end = Math.min(to, from + 0.9999);
  const large = end - from > 0.5 ? 1 : 0;
  return (
    `M${point(outer, from, centre)}A${outer} ${outer} 0 ${large} 1 ${point(outer, end, centre)}` +
    `L${point(inner, end, centre)}A${inner} ${inner} 0 ${large} 0 ${point(inner, from, centre)}Z`
  );
}

/** The ring of `chart.segments`, `size` pixels wide. */
export function pie(chart, size, figures) {
  const total = chart.segments.reduce((sum, part) => sum + part.value, 0);
  const centre = size / 2;
  let reached = 0;
  const slices = chart.segments.map((part, order) => {
    const from = reached;
    reached += part.value / total;
    return svg(
      "path",
      { class: `slice series-${order}`, d: slice(from, reached, centre - 4, centre * 0.58, centre) },
      svg("title", {}, `${part.label}: ${figures.format(part.value)}`),
    );
  });
  return svg(
    "svg",
    { viewBox: `0 0 ${size} ${size}`, width: size, height: size, "aria-hidden": "true" },
    slices,
    svg("text", { class: "pie-total", x: centre, y: centre + 6, "text-anchor": "middle" }, figures.format(total)),
  );
}
