/** Chooses the renderer of a block element by its type; an unknown type becomes a red box. */

import { redBox } from "../errors.js";
import { picture } from "../links.js";
import { button, feedbackButtons, iconButton, overflow, workflowButton } from "./buttons.js";
import { checkboxes, radioButtons } from "./choices.js";
import { textInput, richTextInput, fileInput } from "./inputs.js";
import { dateTimePicker, datePicker, timePicker } from "./pickers.js";
import { multiSelect, singleSelect } from "./selects.js";

const RENDERERS = {
  button,
  workflow_button: workflowButton,
  icon_button: iconButton,
  feedback_buttons: feedbackButtons,
  overflow,
  static_select: singleSelect,
  external_select: singleSelect,
  users_select: singleSelect,
  conversations_select: singleSelect,
  channels_select: singleSelect,
  multi_static_select: multiSelect,
  multi_external_select: multiSelect,
  multi_users_select: multiSelect,
  multi_conversations_select: multiSelect,
  multi_channels_select: multiSelect,
  datepicker: datePicker,
  timepicker: timePicker,
  datetimepicker: dateTimePicker,
  checkboxes,
  radio_buttons: radioButtons,
  plain_text_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  number_input: textInput,
  rich_text_input: richTextInput,
  file_input: fileInput,
  image: (element) => picture(element.image_url ?? element.slack_file?.url, element.alt_text, "thumb"),
};

/**
 * One element of a block. `context` holds its surface, its block id, its label, and whether it
 * is inside an input block (whose elements send actions only with `dispatch_action`).
 */
export function element(data, context) {
  const render = RENDERERS[data?.type];
  return render ? render(data, context) : redBox(`Unknown block element "${data?.type}"`, data);
}
