"""Texts that explain why a message went to a route."""

from __future__ import annotations

BY_A_PERSON = "A person chose {route} for this request."
ROUTE = "Route {route}: {confidence} sure."
ASK = (
    "Not sure enough to choose: the best route, {route}, has only {confidence}; below {least} I "
    "ask."
)
OUT_OF_SCOPE = "No route fits: I put the chance that one of them serves this at {fit}."
UNDECIDED = "I could not decide about this message: each attempt failed or took too long."
META = "A question about me, answered from the list of routes."
SMALL_TALK = "Small talk, answered with a line of my own: no route and no model took part."
TOPIC = "A message that gets a line of its own: no route and no model took part."
ACT = "I read it as {act}, which {route} does not take."
ACTS = {
    "statement": "a statement",
    "order": "an order",
    "question": "a question",
    "yes_no_question": "a question",
    "cancellation": "a cancellation",
}
DOCUMENTS = "it is a question, and the documents that you may read hold words that may answer it"
NO_DOCUMENTS = "it is a question, and the documents that you may read do not answer it"
NEXT_BEST = "Next best: {others}."
LIKE = "It is similar to “{text}”, which belongs to {route} (similarity {likeness})."
LIKE_UNQUOTED = (
    "It is similar to a message like this one, which belongs to {route} (similarity {likeness})."
)
BAR = "From {least} on I take a message up."
NONE_NEAR = (
    "None of the most similar examples is one of {route}. What I learned from all of its examples "
    "together decided, not a single one."
)
READ_AS = "To choose the route, I read {words}. The answer was made from what you wrote."
READ_WORD = "“{typed}” as “{read}”"
REROUTED = "The thread was with {before} until now. This message is clearly about something else."
ON_TRIAL = "Answered by its new version {version}."
VERSION = "Version {version} of the route."
ROUTER = "Router {version}, decided in {milliseconds} ms."
NO_ROUTE = "none"
OTHER = "{name}: {value}"
NOTES_QUESTION = "the message asks for notes that were kept"
DEFAULT_ROUTE = "an admin set {route} as the default route of this channel"
"""Kept in the decision; other reasons are kept like this one, as a clause without a capital."""
