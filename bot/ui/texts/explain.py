"""Texts that explain why a message went to a route."""

from __future__ import annotations

BY_A_PERSON = "A person chose {route} for this request."
FOR_ADMINS = "For admins"
ROUTE = "I took your message for {route} and was {confidence} sure of that."
ASK = "I was not sure enough to choose: the likeliest was {route}, with {confidence}."
ASK_BELOW = "Below {least} I ask."
OUT_OF_SCOPE = "I found nothing here that I am set up for."
LOW_CHANCE = "I put the chance that this is a request for me at {fit}."
LANGUAGE = "It is in a language that I do not answer in here."
UNDECIDED = "I could not decide about this message: each attempt failed or took too long."
META = "You asked about me, so I told you what I can do here."
SMALL_TALK = "Small talk, answered with a line of my own."
TOPIC = "A message that I answer with a line of my own."
NO_MODEL = "No route and no model took part."
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
NEXT_BEST = "Second came {other}, with {confidence}."
LIKE = "It is like “{text}”, an example of what {route} is for."
LIKE_NONE = "It is like “{text}”, an example of what I am not set up for."
LIKE_UNQUOTED = "It is like an earlier message that was for {route}."
LIKE_NONE_UNQUOTED = "It is like an earlier message that was for nothing that I am set up for."
NONE_NEAR = (
    "No single example of {route} is very much like it; what all of its examples have in common "
    "decided."
)
OTHERS = "Further routes: {others}."
SIMILARITIES = "Similarity of the nearest examples, each with its label: {examples}."
BAR = "From an in-scope score of {least} on a message counts as a request (`BEAGLE_FALSE_REJECT`)."
READ_AS = "To choose the route, I read {words}. The answer was made from what you wrote."
READ_WORD = "“{typed}” as “{read}”"
REROUTED = "The thread was with {before} until now. This message is clearly about something else."
ON_TRIAL = "A new version of {route} answered, which only some people get so far."
ON_TRIAL_VERSION = "Answered by its new version {version}."
VERSION = "Version {version} of the route."
ROUTER = "Decided by router {version} in {milliseconds} ms."
NO_ROUTE = "none"
OTHER = "{name}: {value}"
NOTES_QUESTION = "the message asks for notes that were kept"
DEFAULT_ROUTE = "an admin set {route} as the default route of this channel"
"""Kept in the decision; other reasons are kept like this one, as a clause without a capital."""
