"""Answers to small talk: one line for each kind, with what the person may ask for instead."""

from __future__ import annotations

LINES = {
    "greeting": "Hello! What can I do for you?{examples}",
    "thanks": "Glad to help! Write to me whenever there is more.",
    "acknowledgement": "All right. Write to me whenever there is more.",
    "farewell": "Goodbye, and until next time!",
    "complaint": (
        "I am sorry that I was no help. Tell me in other words what you need; if an answer was "
        "wrong, *Wrong route?* under it teaches me."
    ),
    "joke": "I would only bore you: I am better at work than at jokes.{examples}",
    "identity": "I am Beagle, a bot of your workspace, here to take requests.{examples}",
    "command": (
        "That is a command: type `/beagle` and the word behind it, without mentioning me. `/beagle "
        "help` lists them all."
    ),
    "bare": "I am here. What do you need?{examples}",
}
EXAMPLES = " For instance: {examples}. `/beagle help` shows everything."
EXAMPLE = "“{example}”"
EXAMPLES_JOIN = " or "
