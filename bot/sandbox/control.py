"""The control API: the page, tests and benchmarks in other processes drive the sandbox's people through it.

All bodies and answers are JSON. A refusal is `{"ok": false, "error": "<code>", "detail": "<sentence>"}` with status 400
(404 for something that is not there, 403 for a foreign host or page). People are named by name (`ada`) or id.

`GET /sandbox/state?user=ada`: what one person sees (default: the first person).

    {"ok": true, "seq": 17,                          the last change it holds; follow with /sandbox/events?after=17
     "team": {"id", "name", "domain"},
     "me": user, "bot": user,                        Slack's user objects: id, name, real_name, is_admin, is_bot, profile
     "users": [user],
     "channels": [channel],                          id, name, is_channel, is_private, is_im, user (of a DM), topic,
                                                     purpose, members: [ids], bot_is_member; only those `me` is in or
                                                     could join; a DM's name is ""
     "messages": {channel id: [message]},            Slack's message objects, oldest first: type, ts, user, bot_id, text,
                                                     blocks, thread_ts, reply_count, reply_users, latest_reply,
                                                     reactions, edited, metadata, files, streaming (true while open),
                                                     chunks (of a stream: task_update, plan_update; last state by id)
     "ephemerals": [message],                        also channel, user (who sees it), is_ephemeral: true
     "statuses": [{"channel", "thread_ts", "status", "loading_messages"}],
     "sessions": [{"channel", "thread_ts", "status", "title"}],     status: processing, active, suspended, closed
     "prompts": [{"channel", "thread_ts", "title", "prompts": [{"title", "message"}]}],
     "views": [view],                                `me`'s open modals, bottom first; the last one is on top
     "home": view or null,                           `me`'s App Home
     "files": [file],
     "commands": [{"command", "description", "usage_hint"}],
     "shortcuts": [{"callback_id", "name", "type"}],                type: message, global
     "connected": true}                              a bot is listening (Socket Mode) or has a request URL (HTTP)

`GET /sandbox/events?user=ada&after=17`: server-sent events; each `data:` is one change, its `id:` the `seq`. Without
`user` every change is sent. A reconnecting EventSource gets what it missed; `{"type": "reset"}` says that too much was
missed and the state has to be read again. Changes:

    {"type": "message",   "seq", "channel", "ts", "thread_ts", "message": message}            a new message
    {"type": "update",    "seq", "channel", "ts", "thread_ts", "message": message}            edited, streamed, replied to
    {"type": "delete",    "seq", "channel", "ts", "thread_ts"}
    {"type": "reaction",  "seq", "channel", "ts", "thread_ts", "message": message}
    {"type": "ephemeral", "seq", "channel", "user", "ts", "thread_ts", "message": message or null}  null: it is gone
    {"type": "status",    "seq", "channel", "thread_ts", "status", "loading_messages"}         "" clears
    {"type": "session",   "seq", "channel", "thread_ts", "status", "title"}
    {"type": "prompts",   "seq", "channel", "thread_ts", "title", "prompts"}
    {"type": "view",      "seq", "user", "views": [view], "errors": {block_id: text}}         the whole stack, each time
    {"type": "home",      "seq", "user", "view": view}
    {"type": "channel",   "seq", "channel", "data": channel}
    {"type": "file",      "seq", "file": file}
    {"type": "connection","seq", "connected": bool}

`POST /sandbox/act/<verb>`, body `{"user": "ada", ...}`; answers `{"ok": true, ...}`. Channels by id or name (`general`,
`#general`); `dm` or a person's DM id is the person's DM with the bot. `@beagle` in a text is a mention of the bot.

    say         channel, text, thread_ts?, files? [file ids]   -> ts
    dm          text, thread_ts?                                -> ts, channel
    edit        channel, ts, text                               -> ts
    delete      channel, ts                                     -> ts
    react       channel, ts, name, remove? false                -> ts
    click       channel, ts, action_id, value?, block_id?       -> {}        also an ephemeral's ts
    click_view  view_id, action_id, value?, block_id?, values?  -> {}        view_id also of the home view
    submit_view view_id, values                                 -> errors {block_id: text} ({}: accepted)
    close_view  view_id, all? false                             -> {}
    slash       channel, command ("/beagle"), text, thread_ts?  -> {}
    shortcut    callback_id, channel?, ts?                      -> {}        with channel and ts a message shortcut
    open_home   tab ("home" | "messages")                       -> {}
    stop        channel, thread_ts                              -> {}        the Stop button of a session
    upload      channel, name, text or base64, thread_ts?, comment?   -> file (Slack's file object), ts
    join        channel                                         -> {}
    invite_bot  channel                                         -> {}        member_joined_channel with the inviter
    suggest     channel, thread_ts, number                      -> ts        says the suggested prompt

    `click`'s `value`: of a select, radio or overflow the chosen option's value; of a multi-select or checkboxes a list
    of them; of feedback_buttons the chosen button's value; of date, time, user, channel pickers and text inputs what was
    chosen; of a button None, or its value where several share the action_id. `values` of a view: `{block_id:
    {action_id: value}}` or `{action_id: value}` with the same values; fields left out keep their initial value.
    A verb that waits for the bot (click, click_view, submit_view, slash, shortcut) returns when the bot has
    acknowledged, or after 3 s with `"acknowledged": false` (the person then also sees Slack's own complaint).

`GET  /sandbox/messages?channel=&thread_ts=`   -> messages, statuses: of a thread, or of a whole channel
`GET  /sandbox/calls`                          -> calls {method: number}, errors {code: number}, deliveries {name: number}
`GET  /sandbox/faults`                         -> faults [fault]
`POST /sandbox/faults`   {"add": [fault]} or {"clear": true}; fault: see bot/sandbox/faults.py
`POST /sandbox/limits`   {"on": bool}          Slack's rate limits
`POST /sandbox/request_url` {"url": "http://127.0.0.1:3000/slack/events" or ""}   deliver by signed HTTP ("": Socket Mode)
"""
