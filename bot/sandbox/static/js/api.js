/** The wire: reads the state, follows its changes, and carries out what the reader does. */

import { h } from "./dom.js";
import { note } from "./errors.js";
import { store } from "./store.js";
import { applyChange, applyState } from "./wire.js";

let events = null;
let generation = 0;

async function answerOf(response) {
  const body = await response.json();
  if (!response.ok || body.ok === false)
    throw new Refusal(body.error ?? `http_${response.status}`, body.detail ?? body.error ?? response.statusText);
  return body;
}

/** The sandbox said no; `code` is Slack's or its own error word, the message a sentence. */
export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Shows the workspace as `user` sees it (the first person when empty) and follows it from there. */
export async function enter(user) {
  const mine = ++generation;
  const state = await answerOf(await fetch(`/sandbox/state${user ? `?user=${encodeURIComponent(user)}` : ""}`));
  if (mine !== generation) return;
  store.update((known) => applyState(known, state));
  follow(state.me.id, state.seq, mine);
}

function follow(user, seq, mine) {
  events?.close();
  events = new EventSource(`/sandbox/events?user=${encodeURIComponent(user)}&after=${seq}`);
  events.onopen = () =>
    store.update((known) => {
      known.linked = true;
    });
  events.onerror = () =>
    store.update((known) => {
      known.linked = false;
    });
  events.onmessage = (event) => {
    if (mine !== generation) return;
    const change = JSON.parse(event.data);
    if (change.type === "reset") enter(user).catch((error) => note("the state could not be read again", String(error)));
    else store.update((known) => applyChange(known, change));
  };
}

/** Does one thing as the reader. A refusal is shown, and given back as null. */
export async function act(verb, body) {
  try {
    const answer = await answerOf(
      await fetch(`/sandbox/act/${verb}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ user: store.me, ...body }),
      }),
    );
    // Elsewhere Slackbot says so in the conversation.
    if (answer.acknowledged === false && ["click_view", "shortcut"].includes(verb))
      toast("The app did not answer in time. Try again?");
    return answer;
  } catch (error) {
    toast(error instanceof Refusal ? error.message : "The sandbox does not answer. Is it still running?");
    return null;
  }
}

/** A short notice at the foot of the page, read out by screen readers. */
export function toast(text) {
  const host = document.getElementById("toasts");
  const box = h("div", { class: "toast", role: "alert", "data-testid": "toast" }, text);
  host.append(box);
  setTimeout(() => box.remove(), 6000);
}
