/** Client of the control API: loads the state, follows its changes and performs the reader's actions. */

import { h } from "./dom.js";
import { note } from "./errors.js";
import { applyChange, applyState } from "./reducers.js";
import { store } from "./store.js";

const KEY = "beagle-sandbox-token";
const RECONNECT_MS = 1000;
const token = readToken();
let events = null;
let generation = 0;

/** Takes this run's token out of the address that the demo printed; a reload and other tabs find it again. */
function readToken() {
  const given = /^#token=([\w-]+)$/.exec(window.location.hash);
  if (given) {
    localStorage.setItem(KEY, given[1]);
    history.replaceState(null, "", window.location.pathname + window.location.search);
  }
  return localStorage.getItem(KEY) ?? "";
}

/** The address with this run's token, for what a browser asks for without headers. */
export function withToken(address) {
  const url = new URL(address, window.location.origin);
  if (url.origin === window.location.origin) url.searchParams.set("token", token);
  return url.href;
}

async function parseAnswer(response) {
  const body = await response.json();
  if (!response.ok || body.ok === false)
    throw new Refusal(body.error ?? `http_${response.status}`, body.detail ?? body.error ?? response.statusText);
  return body;
}

/** An action was refused; `code` is Slack's or the sandbox's error code, the message a sentence. */
export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Loads the workspace as `user` sees it (by default the first user), draws it and subscribes to its changes. */
export async function enter(user) {
  const mine = ++generation;
  const state = await parseAnswer(
    await fetch(`/sandbox/state${user ? `?user=${encodeURIComponent(user)}` : ""}`, { headers: { "x-sandbox-token": token } }),
  );
  if (mine !== generation) return;
  const drawn = store.update((draft) => applyState(draft, state));
  subscribe(state.me.id, state.seq, mine);
  await drawn;
}

/** Follows the changes over a WebSocket: of plain connections a browser opens six to an address, one for each tab. */
function subscribe(user, seq, mine) {
  events?.close();
  let newest = seq;
  const follow = () => {
    const address = new URL(withToken(`/sandbox/events?user=${encodeURIComponent(user)}&after=${newest}`));
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    events = socket;
    socket.onopen = () =>
      store.update((draft) => {
        draft.linked = true;
      });
    socket.onclose = () => {
      if (mine !== generation || events !== socket) return;
      store.update((draft) => {
        draft.linked = false;
      });
      setTimeout(() => mine === generation && follow(), RECONNECT_MS);
    };
    socket.onmessage = (event) => {
      if (mine !== generation) return;
      const change = JSON.parse(event.data);
      newest = change.seq ?? newest;
      if (change.type === "reset") enter(user).catch((error) => note("the state could not be read again", String(error)));
      else store.update((draft) => applyChange(draft, change));
      if (change.type === "notice" && change.text) toast(change.text);
    };
  };
  follow();
}

/** Performs one action as the reader. Shows a refusal and returns null for it. */
export async function act(verb, body) {
  try {
    const answer = await parseAnswer(
      await fetch(`/sandbox/act/${verb}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-sandbox-token": token },
        body: JSON.stringify({ user: store.me, ...body }),
      }),
    );
    // For other actions Slackbot reports it in the conversation.
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
