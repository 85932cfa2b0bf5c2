"""What Beagle says of its decisions, in one place, ready for translation."""

from __future__ import annotations

BY_A_PERSON = "A person chose {route} for this request."
ROUTE = "Route {route}: {confidence} sure."
ASK = "Not sure enough to choose: the best, {route}, has only {confidence}; below {least} I ask."
OUT_OF_SCOPE = "No route fits: {fit} likely to be something that I was set up for."
META = "A question about me, answered from the list of routes."
NEXT_BEST = "Next best: {others}."
LIKE = "It is like “{text}”, which belongs to {route}: {likeness} alike."
LIKE_PRIVATE = (
    "It is like a message whose words are kept private, which belongs to {route}: {likeness} alike."
)
LIKE_PLAIN = "It is like “{text}”."
BAR = "It takes {least} to be taken for one."
REROUTED = "The thread was with {before} until now; these words say clearly enough that this is something else."
ON_TRIAL = "Answered by its new version {version}."
VERSION = "Version {version} of the route."
ROUTER = "Router {version}, decided in {milliseconds} ms."
NO_ROUTE = "none"
OTHER = "{name}: {value}"
