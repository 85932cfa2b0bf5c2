/** Turns what the sandbox sends into what the store keeps: one place that knows the wire's words. */

function user(data) {
  return {
    id: data.id,
    name: data.real_name || data.profile?.real_name || data.name,
    handle: data.name,
    title: data.profile?.title ?? "",
    isBot: data.is_bot === true,
    isAdmin: data.is_admin === true,
    botId: data.profile?.bot_id ?? null,
  };
}

function channel(data, me) {
  const members = data.members ?? [];
  return {
    id: data.id,
    name: data.name,
    kind: data.is_im ? "im" : data.is_private ? "private" : "channel",
    user: data.is_im ? (members.find((member) => member !== me) ?? data.user) : null,
    topic: text(data.topic),
    purpose: text(data.purpose),
    members,
    hasBot: data.bot_is_member === true,
  };
}

const text = (value) => (typeof value === "string" ? value : (value?.value ?? ""));

/** A whole state, as one person sees it. What the page itself knows (where the reader is, what is read) stays. */
export function applyState(store, state) {
  Object.assign(store, {
    ready: true,
    connected: state.connected,
    team: state.team,
    me: state.me.id,
    botId: state.bot.id,
    users: [...state.users, ...(state.users.some(({ id }) => id === state.bot.id) ? [] : [state.bot])].map(user),
    channels: state.channels.map((data) => channel(data, state.me.id)),
    commands: state.commands,
    shortcuts: state.shortcuts,
    views: state.views ?? [],
    viewErrors: {},
    home: state.home ?? null,
  });
  for (const kept of [store.timelines, store.statuses, store.sessions, store.prompts]) kept.clear();
  for (const [id, messages] of Object.entries(state.messages))
    for (const message of messages) store.timeline(id).put(message);
  for (const message of state.ephemerals)
    store.timeline(message.channel).put({ ...message, ephemeralTo: message.user });
  for (const change of state.statuses) CHANGES.status(store, change);
  for (const change of state.sessions) CHANGES.session(store, change);
  for (const change of state.prompts) CHANGES.prompts(store, change);
  const seen = store.channel(store.place.channel);
  if (!seen) Object.assign(store.place, { channel: startingPoint(store), thread: null, tab: "messages" });
}

/** The first channel the reader is in, and the bot too where there is one. */
function startingPoint(store) {
  const open = store.channels.filter((one) => one.kind !== "im" && one.members.includes(store.me));
  return (open.find((one) => one.hasBot) ?? open[0] ?? store.channels[0])?.id ?? "";
}

const put = (store, change) => store.timeline(change.channel).put(change.message);

const CHANGES = {
  message: put,
  update: put,
  reaction: put,
  delete: (store, change) => store.timeline(change.channel).drop(change.ts),
  ephemeral: (store, change) => {
    if (change.message) store.timeline(change.channel).put({ ...change.message, ephemeralTo: change.user });
    else store.timeline(change.channel).drop(change.ts);
  },
  status: (store, change) =>
    store.setStatus(change.channel, change.thread_ts, { text: change.status, messages: change.loading_messages ?? [] }),
  session: (store, change) => store.setSession(change.channel, change.thread_ts, change),
  prompts: (store, change) => store.setPrompts(change.channel, change.thread_ts, change),
  view: (store, change) => {
    if (change.user !== store.me) return;
    store.views = change.views;
    store.viewErrors = change.errors ?? {};
  },
  home: (store, change) => {
    if (change.user === store.me) store.home = change.view;
  },
  channel: (store, change) => {
    const next = channel(change.data, store.me);
    const index = store.channels.findIndex((one) => one.id === next.id);
    if (index < 0) store.channels.push(next);
    else store.channels[index] = next;
  },
  // What the page does not show: files stand in their messages, deliveries concern whoever watches the bot.
  file: () => {},
  delivery: () => {},
  connection: (store, change) => {
    store.connected = change.connected;
  },
};

/** One change from the stream; a type nobody knows is a fault of this page and says so. */
export function applyChange(store, change) {
  const apply = CHANGES[change.type];
  if (!apply) throw new TypeError(`unknown change "${change.type}"`);
  apply(store, change);
}
