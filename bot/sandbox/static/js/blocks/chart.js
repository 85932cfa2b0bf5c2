/** `data_visualization`: a chart with its legend, and the same figures as a table for screen readers. */

import { h, svg } from "../dom.js";
import { redBox } from "../errors.js";
import { drawAxes, scales } from "./chart_axes.js";
import { pie } from "./chart_pie.js";

const HEIGHT = 240;
const FIGURES = new Intl.NumberFormat(undefined, { maximumFractionDigits: 4 });

const valueAt = (series, category) => series.data.find((point) => point.label === category)?.value ?? null;

function bars(chart, scale) {
  const { categories } = chart.axis_config;
  const slot = scale.band / (chart.series.length + 0.6);
  return chart.series.flatMap((series, order) =>
    categories.map((category, index) => {
      const value = valueAt(series, category);
      if (value === null) return null;
      const [top, bottom] = [Math.min(scale.y(value), scale.y(0)), Math.max(scale.y(value), scale.y(0))];
      const left = scale.x(index) - scale.band / 2 + slot * (0.3 + order);
      return svg(
        "rect",
        {
          class: `series-${order}`,
          x: left,
          y: top,
          width: Math.max(slot - 2, 1),
          height: Math.max(bottom - top, 1),
          rx: Math.min(3, slot / 4),
        },
        svg("title", {}, `${series.name}, ${category}: ${FIGURES.format(value)}`),
      );
    }),
  );
}

function curves(chart, scale, filled) {
  const { categories } = chart.axis_config;
  return chart.series.flatMap((series, order) => {
    const points = categories
      .map((category, index) => ({ category, value: valueAt(series, category), index }))
      .filter(({ value }) => value !== null)
      .map((point) => ({ ...point, x: scale.x(point.index), y: scale.y(point.value) }));
    const path = points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    const ends = [points[0]?.x ?? 0, points.at(-1)?.x ?? 0];
    return [
      filled
        ? svg("path", {
            class: `area series-${order}`,
            d: `${path}L${ends[1]} ${scale.y(0)}L${ends[0]} ${scale.y(0)}Z`,
          })
        : null,
      svg("path", { class: `line series-${order}`, d: path }),
      ...points.map(({ x, y, category, value }) =>
        svg(
          "circle",
          { class: `series-${order}`, cx: x, cy: y, r: 3.5 },
          svg("title", {}, `${series.name}, ${category}: ${FIGURES.format(value)}`),
        ),
      ),
    ];
  });
}

const MARKS = {
  bar: bars,
  line: (chart, scale) => curves(chart, scale, false),
  area: (chart, scale) => curves(chart, scale, true),
};

function xy(chart, width) {
  const values = chart.series.flatMap((series) => series.data.map((point) => point.value));
  const scale = scales(values, chart.axis_config, width, HEIGHT);
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true" },
    drawAxes(scale, chart.axis_config),
    MARKS[chart.type](chart, scale).filter(Boolean),
  );
}

/** One sentence that says what the chart shows; read out instead of the drawing. */
function summary(data) {
  const { chart } = data;
  if (chart.type === "pie")
    return `Pie chart. ${data.title}: ${chart.segments.map((part) => `${part.label} ${FIGURES.format(part.value)}`).join(", ")}`;
  const series = chart.series.map(
    (series) => `${series.name}: ${series.data.map((point) => `${point.label} ${FIGURES.format(point.value)}`).join(", ")}`,
  );
  return `${chart.type[0].toUpperCase()}${chart.type.slice(1)} chart. ${data.title}. ${series.join("; ")}`;
}

function figures(chart) {
  const [head, rows] =
    chart.type === "pie"
      ? [["", "Value"], chart.segments.map((part) => [part.label, part.value])]
      : [
          [chart.axis_config.x_label ?? "", ...chart.series.map((series) => series.name)],
          chart.axis_config.categories.map((category) => [
            category,
            ...chart.series.map((series) => valueAt(series, category)),
          ]),
        ];
  const text = (value) => (typeof value === "number" ? FIGURES.format(value) : (value ?? "–"));
  return h(
    "details",
    { class: "chart-figures" },
    h("summary", {}, "Figures"),
    h(
      "div",
      { class: "table-scroll" },
      h(
        "table",
        { class: "grid" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            head.map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        h(
          "tbody",
          {},
          rows.map(([name, ...values]) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, name),
              values.map((value) => h("td", { class: "align-right" }, text(value))),
            ),
          ),
        ),
      ),
    ),
  );
}

function legend(chart) {
  const total = chart.type === "pie" ? chart.segments.reduce((sum, part) => sum + part.value, 0) : 0;
  const names =
    chart.type === "pie"
      ? chart.segments.map((part) => `${part.label} · ${Math.round((100 * part.value) / total)} %`)
      : chart.series.map((series) => series.name);
  if (chart.type !== "pie" && names.length < 2) return null;
  return h(
    "ul",
    { class: "legend" },
    names.map((name, order) => h("li", {}, h("span", { class: `swatch series-${order}` }), name)),
  );
}

/** A chart that redraws itself to the width it is given, so its text keeps its size on a narrow screen. */
export function chart(data) {
  if (!["bar", "line", "area", "pie"].includes(data.chart?.type))
    return redBox(`Unknown chart "${data.chart?.type}"`, data);
  const canvas = h("div", { class: "chart-canvas", role: "img", "aria-label": summary(data) });
  let drawn = 0;
  const draw = (width) => {
    if (Math.abs(width - drawn) < 2 || width < 40) return;
    drawn = width;
    canvas.replaceChildren(
      data.chart.type === "pie" ? pie(data.chart, Math.min(width, 220), FIGURES) : xy(data.chart, width),
    );
  };
  draw(480);
  new ResizeObserver(([entry]) => draw(Math.floor(entry.contentRect.width))).observe(canvas);
  return h(
    "figure",
    { class: `chart chart-${data.chart.type}` },
    h("figcaption", {}, data.title),
    canvas,
    legend(data.chart),
    figures(data.chart),
  );
}
