/** The emoji shortcodes people and bots use most; an unknown one stays readable as `:name:`. */

import { h } from "./dom.js";

export const EMOJI = {
  eyes: "👀", "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", tada: "🎉", heart: "❤️", rocket: "🚀", wave: "👋",
  smile: "😄", smiley: "😃", grin: "😁", joy: "😂", slightly_smiling_face: "🙂", wink: "😉", thinking_face: "🤔", sob: "😭",
  cry: "😢", heart_eyes: "😍", sunglasses: "😎", sweat_smile: "😅", upside_down_face: "🙃", neutral_face: "😐",
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", warning: "⚠️", no_entry: "⛔",
  no_entry_sign: "🚫", question: "❓", exclamation: "❗", information_source: "ℹ️", bulb: "💡", fire: "🔥", sparkles: "✨",
  star: "⭐", zap: "⚡", boom: "💥", 100: "💯", pray: "🙏", clap: "👏", raised_hands: "🙌", muscle: "💪", ok_hand: "👌",
  point_right: "👉", point_left: "👈", point_up: "☝️", point_down: "👇", handshake: "🤝", writing_hand: "✍️",
  dog: "🐶", dog2: "🐕", guide_dog: "🦮", service_dog: "🐕‍🦺", feet: "🐾", paw_prints: "🐾", robot_face: "🤖", cat: "🐱", bug: "🐛",
  bar_chart: "📊", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", books: "📚", book: "📖", memo: "📝",
  pencil: "✏️", pencil2: "✏️", page_facing_up: "📄", paperclip: "📎", link: "🔗", mag: "🔍", mag_right: "🔎", key: "🔑",
  lock: "🔒", unlock: "🔓", bell: "🔔", no_bell: "🔕", calendar: "📅", date: "📅", clock1: "🕐", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", stopwatch: "⏱️", gear: "⚙️", hammer: "🔨", wrench: "🔧", hammer_and_wrench: "🛠️", package: "📦",
  moneybag: "💰", money_with_wings: "💸", coin: "🪙", credit_card: "💳", email: "📧", envelope: "✉️", inbox_tray: "📥",
  outbox_tray: "📤", speech_balloon: "💬", thought_balloon: "💭", mega: "📣", loudspeaker: "📢", compass: "🧭", world_map: "🗺️",
  twisted_rightwards_arrows: "🔀", arrows_counterclockwise: "🔄", repeat: "🔁", arrow_right: "➡️", arrow_left: "⬅️",
  arrow_up: "⬆️", arrow_down: "⬇️", rewind: "⏪", heavy_plus_sign: "➕", heavy_minus_sign: "➖", recycle: "♻️",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", green_circle: "🟢",
  large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", small_blue_diamond: "🔹", small_orange_diamond: "🔸",
  trophy: "🏆", medal: "🏅", dart: "🎯", test_tube: "🧪", microscope: "🔬", brain: "🧠", mortar_board: "🎓", seedling: "🌱",
  evergreen_tree: "🌲", sunny: "☀️", rainbow: "🌈", coffee: "☕", pizza: "🍕", cake: "🍰", house: "🏠", office: "🏢",
  construction: "🚧", rotating_light: "🚨", shield: "🛡️", broom: "🧹", ghost: "👻", skull: "💀", see_no_evil: "🙈", turtle: "🐢",
  rabbit2: "🐇", snail: "🐌", baby_chick: "🐤", label: "🏷️", pushpin: "📌", round_pushpin: "📍", octagonal_sign: "🛑",
  raised_hand: "✋", handbag: "👜", busts_in_silhouette: "👥", bust_in_silhouette: "👤", balance_scale: "⚖️", scales: "⚖️",
};

/** The emoji offered first where a person reacts. */
export const QUICK = ["+1", "eyes", "tada", "heart", "white_check_mark", "thinking_face"];

/** One emoji with its name for screen readers; the bare shortcode when the table does not know it. */
export function emoji(name) {
  const plain = String(name).split("::")[0];
  const glyph = EMOJI[plain];
  if (!glyph) return h("span", { class: "emoji-unknown" }, `:${name}:`);
  return h("span", { class: "emoji", role: "img", "aria-label": plain.replaceAll("_", " "), title: `:${plain}:` }, glyph);
}
