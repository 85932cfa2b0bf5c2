/** The store: all data of the page and the reader's location. Components subscribe to its changes. */

import { Timeline } from "./timeline.js";

const NONE = [];
const listeners = new Set();
let pending = null;

/** Schedules one redraw for all changes of the same moment; the promise is kept once it is done. */
function changed() {
  // Not requestAnimationFrame: it pauses in a background tab, where unread marks must still update.
  pending ??= new Promise((drawn) => {
    setTimeout(() => {
      pending = null;
      for (const listener of listeners) listener();
      drawn();
    }, 12);
  });
  return pending;
}

const threadKey = (channel, thread) => `${channel}:${thread ?? ""}`;

class Store {
  constructor() {
    this.ready = false;
    /** Whether the event stream is open. */
    this.linked = true;
    /** Whether a bot is connected to the sandbox. */
    this.connected = false;
    /** What has happened to the bot's processes; empty while all is well. */
    this.notice = "";
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
    this.location = {
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

  /** Applies `change` to this store and redraws; returns a promise of the redrawing. */
  update(change) {
    change(this);
    return changed();
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
    return this.channel(this.location.channel);
  }

  /** A channel's title for the reader: a DM has the name of the other person. */
  title(channel) {
    return channel.kind === "im" ? (this.user(channel.user)?.name ?? channel.user) : channel.name;
  }

  /** The reader's direct message with the bot, or null. */
  get botDm() {
    return this.channels.find((channel) => channel.kind === "im" && channel.user === this.botId) ?? null;
  }

  /** Whether the channel on the screen is the direct message with the bot, which has a Home tab. */
  get withBot() {
    return this.botDm !== null && this.location.channel === this.botDm.id;
  }

  // Messages ---------------------------------------------------------------------------------------------------

  timeline(channelId) {
    if (!this.timelines.has(channelId)) this.timelines.set(channelId, new Timeline());
    return this.timelines.get(channelId);
  }

  /** All messages of a conversation that the reader can see, with replies, oldest first. */
  visibleMessages(channelId) {
    return this.timeline(channelId).seenBy(this.me).all;
  }

  /** The messages of the channel itself: thread parents, plain messages, and replies also sent to the channel. */
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
    const newest = this.visibleMessages(channelId).at(-1)?.ts ?? "0";
    const key = `${this.me}:${channelId}`;
    if (Number(newest) > Number(this.lastRead.get(key) ?? 0)) this.lastRead.set(key, newest);
  }

  /** The number of unread messages by others; a channel is read when it is first shown. */
  unread(channelId) {
    const key = `${this.me}:${channelId}`;
    if (!this.lastRead.has(key)) {
      this.markRead(channelId);
      if (!this.lastRead.has(key)) this.lastRead.set(key, "0");
    }
    const since = Number(this.lastRead.get(key));
    const all = this.visibleMessages(channelId);
    const first = all.findLastIndex((message) => Number(message.ts) <= since) + 1;
    return all.slice(first).filter((message) => message.user !== this.me).length;
  }
}

export const store = new Store();
