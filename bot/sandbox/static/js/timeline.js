/** One conversation's messages in order, with its threads. Sorted once per change, not per read. */

const byTime = (a, b) => Number(a.ts) - Number(b.ts);

/** Whether a message is shown in the channel itself, not only in a thread. */
function inChannel(message) {
  return !message.thread_ts || message.thread_ts === message.ts || message.subtype === "thread_broadcast";
}

export class Timeline {
  constructor() {
    this.messages = new Map();
    this.views = new Map();
  }

  get(ts) {
    return this.messages.get(ts) ?? null;
  }

  /** Stores the newest version of a message; an ephemeral one carries `ephemeralTo`. */
  put(message) {
    this.messages.set(message.ts, message);
    this.views.clear();
  }

  drop(ts) {
    this.messages.delete(ts);
    this.views.clear();
  }

  /** What `reader` can see, oldest first: `all`, `main` (the channel itself), `threads` (replies by root ts). */
  seenBy(reader) {
    if (!this.views.has(reader)) {
      const all = [...this.messages.values()]
        .filter((message) => !message.ephemeralTo || message.ephemeralTo === reader)
        .sort(byTime);
      const threads = new Map();
      for (const message of all) {
        if (!message.thread_ts || message.thread_ts === message.ts) continue;
        if (!threads.has(message.thread_ts)) threads.set(message.thread_ts, []);
        threads.get(message.thread_ts).push(message);
      }
      this.views.set(reader, { all, main: all.filter(inChannel), threads });
    }
    return this.views.get(reader);
  }
}
