/** Formats Slack timestamps (seconds as text) in the reader's language and time zone. */

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

/** The moment a Slack timestamp names. */
export function moment(ts) {
  return new Date(Number(ts) * 1000);
}

/** "14:05" */
export function clock(ts) {
  return CLOCK.format(moment(ts));
}

/** The whole date and time, for tooltips and screen readers. */
export function full(ts) {
  return FULL.format(moment(ts));
}

/** "Today", "Yesterday" or the date. */
export function day(ts, now = new Date()) {
  const days = Math.round((startOfDay(now) - startOfDay(moment(ts))) / 86_400_000);
  if (days === 0) return "Today";
  return days === 1 ? "Yesterday" : DAY.format(moment(ts));
}

/** Whether two timestamps fall on the same calendar day here. */
export function sameDay(a, b) {
  return startOfDay(moment(a)).getTime() === startOfDay(moment(b)).getTime();
}

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

const TOKENS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** Slack's date formatting: `{date_short} at {time}` with unix seconds; unknown tokens stay as they are. */
export function formatDate(seconds, format) {
  const date = new Date(Number(seconds) * 1000);
  return format.replace(/\{(\w+)\}/g, (whole, name) => {
    if (name === "ago") return ago(date);
    const options = TOKENS[name.replace(/_pretty$/, "")];
    return options ? new Intl.DateTimeFormat(undefined, options).format(date) : whole;
  });
}

function ago(date) {
  const seconds = (date.getTime() - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, size] of [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ]) {
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  }
  return words.format(Math.round(seconds), "second");
}
