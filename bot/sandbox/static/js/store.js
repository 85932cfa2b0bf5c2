/** Everything the page knows, and where its reader is; components listen and redraw what changed. */

import { Timeline } from "./timeline.js";

const NONE = [];
const listeners = new Set();
let pending = false;

/** Runs every listener once, soon; many changes in one moment make one redraw. */
function changed() {
  if (pending) return;
  pending = true;
  // Not requestAnimationFrame: it stands still in a background tab, and unread marks must not.
  setTimeout(() => {
    pending = false;
    for (const listener of listeners) listener();
  }, 12);
}

const threadKey = (channel, thread) => `${channel}:${thread ?? ""}`;

class Store {
  constructor() {
    this.ready = false;
    /** The page hears from the sandbox. */
    this.linked = true;
    /** A bot listens to the sandbox. */
    this.connected = false;
    this.team = { id: "", name: "" };
    this.me = "";
    this.botId = "";
    this.users = [];
    this.channels = [];
    this.commands = [];
    this.shortcuts = [];
    this.views = [];
    this.viewErrors = {};
    this.home = null;
    this.place = {
      channel: "",
      thread: null,
      tab: "messages",
      inspector: false,
      drawer: false,
      reveal: null,
      focus: null,
    };
    this.timelines = new Map();
    this.statuses = new Map();
    this.sessions = new Map();
    this.prompts = new Map();
    this.lastRead = new Map();
  }

  subscribe(listener) {
    listeners.add(listener);
  }

  /** Applies `change` to this store and redraws. */
  update(change) {
    change(this);
    changed();
  }

  user(id) {
    return (
      this.users.find((user) => user.id === id) ?? this.users.find((user) => user.botId && user.botId === id) ?? null
    );
  }

  channel(id) {
    return this.channels.find((channel) => channel.id === id) ?? null;
  }

  /** The channel on the screen, or null before anything is loaded. */
  get here() {
    return this.channel(this.place.channel);
  }

  /** What a channel is called for the reader: a direct message bears the other one's name. */
  title(channel) {
    return channel.kind === "im" ? (this.user(channel.user)?.name ?? channel.user) : channel.name;
  }

  /** The reader's direct message with the bot, or null. */
  get botDm() {
    return this.channels.find((channel) => channel.kind === "im" && channel.user === this.botId) ?? null;
  }

  /** Whether the channel on the screen is the direct message with the bot, which has a Home tab. */
  get withBot() {
    return this.botDm !== null && this.place.channel === this.botDm.id;
  }

  // Messages ---------------------------------------------------------------------------------------------------

  timeline(channelId) {
    if (!this.timelines.has(channelId)) this.timelines.set(channelId, new Timeline());
    return this.timelines.get(channelId);
  }

  /** What the reader sees of a conversation, thread replies included, oldest first. */
  shown(channelId) {
    return this.timeline(channelId).seenBy(this.me).all;
  }

  /** What stands in the channel itself: thread parents, plain messages, and replies also sent to the channel. */
  mainMessages(channelId) {
    return this.timeline(channelId).seenBy(this.me).main;
  }

  replies(channelId, threadTs) {
    return this.timeline(channelId).seenBy(this.me).threads.get(threadTs) ?? NONE;
  }

  message(channelId, ts) {
    return this.timeline(channelId).get(ts);
  }

  // What the bot is doing --------------------------------------------------------------------------------------

  setStatus(channel, thread, status) {
    if (status?.text) this.statuses.set(threadKey(channel, thread), status);
    else this.statuses.delete(threadKey(channel, thread));
  }

  status(channel, thread) {
    return this.statuses.get(threadKey(channel, thread)) ?? null;
  }

  setSession(channel, thread, session) {
    this.sessions.set(threadKey(channel, thread), { status: session.status, title: session.title ?? "" });
  }

  session(channel, thread) {
    return this.sessions.get(threadKey(channel, thread)) ?? null;
  }

  /** Whether the bot works in this thread and can be stopped. */
  working(channel, thread) {
    return this.session(channel, thread)?.status === "processing";
  }

  setPrompts(channel, thread, offer) {
    this.prompts.set(threadKey(channel, thread), { title: offer.title ?? "", prompts: offer.prompts ?? [] });
  }

  /** Suggested prompts: those of the thread, or of the conversation itself. */
  promptsFor(channel, thread) {
    return this.prompts.get(threadKey(channel, thread)) ?? null;
  }

  // Reading ----------------------------------------------------------------------------------------------------

  markRead(channelId) {
    const newest = this.shown(channelId).at(-1)?.ts ?? "0";
    const key = `${this.me}:${channelId}`;
    if (Number(newest) > Number(this.lastRead.get(key) ?? 0)) this.lastRead.set(key, newest);
  }

  /** Messages by others since the reader last looked; a channel seen for the first time starts as read. */
  unread(channelId) {
    const key = `${this.me}:${channelId}`;
    if (!this.lastRead.has(key)) {
      this.markRead(channelId);
      if (!this.lastRead.has(key)) this.lastRead.set(key, "0");
    }
    const since = Number(this.lastRead.get(key));
    const all = this.shown(channelId);
    const first = all.findLastIndex((message) => Number(message.ts) <= since) + 1;
    return all.slice(first).filter((message) => message.user !== this.me).length;
  }
}

export const store = new Store();
