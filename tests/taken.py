"""A Slack client that takes whatever is posted, edited or opened, and remembers it."""

from __future__ import annotations


class Slack:
    """Its posts, updates and views, in the order in which they came."""

    def __init__(self) -> None:
        self.posts, self.updates, self.views = [], [], []

    def chat_postMessage(self, **said):  # noqa: N802  # Slack's name
        self.posts.append(said)
        return {"ts": f"{len(self.posts)}.0"}

    def chat_update(self, **said):
        self.updates.append(said)

    def views_open(self, **said):
        self.views.append(said["view"])
