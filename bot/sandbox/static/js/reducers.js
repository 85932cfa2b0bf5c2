/** Reducers: apply the states and changes that the control API sends to the store. */

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

/** Replaces the store's data with a whole state. The reader's location and read marks are kept. */
export function applyState(store, state) {
  Object.assign(store, {
    ready: true,
    connected: state.connected,
    notice: state.notice ?? "",
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
  for (const map of [store.timelines, store.statuses, store.sessions, store.prompts]) map.clear();
  for (const [id, messages] of Object.entries(state.messages))
    for (const message of messages) store.timeline(id).put(message);
  for (const message of state.ephemerals)
    store.timeline(message.channel).put({ ...message, ephemeralTo: message.user });
  for (const change of state.statuses) REDUCERS.status(store, change);
  for (const change of state.sessions) REDUCERS.session(store, change);
  for (const change of state.prompts) REDUCERS.prompts(store, change);
  const current = store.channel(store.location.channel);
  if (!current) Object.assign(store.location, { channel: firstChannel(store), thread: null, tab: "messages" });
}

/** The first channel of the reader, preferably one that the bot is in as well. */
function firstChannel(store) {
  const joined = store.channels.filter(({ kind, members }) => kind !== "im" && members.includes(store.me));
  return (joined.find(({ hasBot }) => hasBot) ?? joined[0] ?? store.channels[0])?.id ?? "";
}

const put = (store, change) => store.timeline(change.channel).put(change.message);

const REDUCERS = {
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
    const index = store.channels.findIndex(({ id }) => id === next.id);
    if (index < 0) store.channels.push(next);
    else store.channels[index] = next;
  },
  user: (store, change) => {
    store.users = [...store.users.filter(({ id }) => id !== change.user.id), user(change.user)];
  },
  // Not shown on their own: files appear in their messages, deliveries are for tests and benchmarks.
  file: () => {},
  delivery: () => {},
  notice: (store, change) => {
    store.notice = change.text;
  },
  connection: (store, change) => {
    store.connected = change.connected;
  },
};

/** Applies one change. Throws for an unknown type, which would be a bug of this page. */
export function applyChange(store, change) {
  const apply = REDUCERS[change.type];
  if (!apply) throw new TypeError(`unknown change "${change.type}"`);
  apply(store, change);
}
