"""Made-up small talk of a workplace: thanks, greetings, "running late".

It repeats, and it requests nothing, so that the gate has to tell it apart.
"""

from __future__ import annotations

import numpy as np

NAMES = (
    "Alex",
    "Anna",
    "Chris",
    "Dana",
    "Fatima",
    "Ines",
    "Jonas",
    "Kofi",
    "Lee",
    "Marta",
    "Mei",
    "Omar",
    "Priya",
    "Rui",
)
TO_ONE = ("", " {name}", ", {name}")
TO_ALL = ("", " all", " everyone", " team", " folks", " there", " guys")
ENDINGS = ("", "", "!", ".", "!!", " :)", " 🙂")
QUESTION_ENDINGS = ("?", "?", "??", "")
TAILS = ("lol", "haha", "tbh", "though", "btw", "for now", "I think", "again", "today")
CAPITAL_SHARE = 0.3
TAIL_SHARE = 0.08
SLOTS = (
    ("{one}", TO_ONE),
    ("{all}", TO_ALL),
    ("{end}", ENDINGS),
    ("{ask}", QUESTION_ENDINGS),
    ("{name}", NAMES),
)
"""Filled in this order: some fillers have a slot themselves."""

# One kind of small talk each, its templates separated by "|" or a line break.
_THANKS = """
thanks{one}{end}|thank you{one}{end}|thx{one}{end}|ty{one}|many thanks{one}{end}
thanks a lot{one}{end}|cheers{one}{end}|great, thanks{one}{end}|perfect thank you{end}
appreciate it{one}{end}|awesome thanks{end}|ok thanks{one}
"""
_HELLO = """
hi{all}{end}|hey{all}{end}|hello{all}{end}|good morning{all}{end}|morning{all}{end}|gm{all}
hello{one}{end}|hi{all}, how is everyone{end}|happy monday{all}{end}|happy friday{all}{end}
hey{one}, how are you{ask}|how's it going{ask}
"""
_BYE = """
bye{all}{end}|see you tomorrow{end}|have a good weekend{all}{end}|have a nice evening{all}{end}
good night{all}{end}|ttyl|logging off for today{end}|signing off{end}|see ya{all}
enjoy your weekend{end}|off for the day, see you tomorrow
"""
_FINE = """
ok|okay{end}|sounds good{end}|sgtm|lgtm{end}|+1|agreed{end}|makes sense{end}|got it{end}
on it{end}|will do{end}|done{end}|sure{end}|yes|yep{end}|yeah that works{end}|works for me{end}
cool{end}|right|exactly{end}|no worries{end}|np|noted{end}|no problem{one}{end}|all good{end}
fine by me|ack|ah ok got it|ok cool|yup sounds good to me
"""
_LAUGH = """
lol|haha{end}|hahaha|lmao|that's hilarious{end}|haha yeah{end}|lol yes|lol same|haha nice{end}|omg
wow{end}|nice{end}|nice one{one}{end}|awesome{end}|amazing{end}|love it{end}|so cool{end}
this is great{end}
"""
_AWAY = """
brb|back|afk for a bit|stepping out for lunch|grabbing coffee, back in {n}
running {n} minutes late|joining in {n} min|in another meeting, will be {n} min late|wfh today
working from home today|I'm out sick today|ooo this afternoon|lunch|at the dentist until {n}
on the train, bad connection|be right there|taking a break, back in {n}
"""
_JOY = """
congrats{one}{end}|congratulations{one}{end}|happy birthday{one}{end}|welcome{one}{end}
welcome aboard{one}{end}|well done{one}{end}|great work{one}{end}|great job everyone{end}
so happy for you{one}{end}|well deserved{one}{end}|happy anniversary{one}{end}
welcome to the team{one}{end}
"""
_STATE = """
deployed|merged{end}|pushed|fixed it{end}|it works now{end}|still broken|same here|same for me
same error here|rolled back|not working for me either|works on my machine|restarting it now
looking into it|taking a look{end}|seems to be back up|looks like it's down again
it's up again{end}|I'll check|checking now|will look at it tomorrow|let me have a look{end}
just pushed a fix|build is green{end}|tests pass now{end}|CI is red again
"""
_DOUBT = """
hm|hmm not sure{end}|no idea|I don't know|not sure tbh|maybe{end}|I think so|I guess
I don't think so|good question{end}|good point{end}|never mind|nvm found it|nvm|oh wait|oops
my bad{end}|sorry{one}{end}|sorry, wrong channel|ah I see{end}|sorry missed this|interesting{end}
who knows
"""
_PING = """
any update{ask}|any news{ask}|ping{one}|bump|{name} you there?|are you around{one}{ask}
did you see this{one}{ask}|what do you think{one}{ask}|thoughts{ask}|anyone{ask}
is that right{ask}|really{ask}|how come{ask}|when{ask}|which one{ask}|what's up{one}{ask}
you ok{one}{ask}|ready{ask}|wdyt{one}{ask}|can you hear me{ask}
"""
MOODS = (_THANKS, _HELLO, _BYE, _FINE, _LAUGH, _AWAY, _JOY, _STATE, _DOUBT, _PING)


def chatter(count: int, random: np.random.Generator) -> list[str]:
    """Returns `count` messages; how frequent each mood is differs from call to call."""
    templates = [mood.strip().replace("\n", "|").split("|") for mood in MOODS]
    frequencies = random.dirichlet(np.ones(len(templates)))
    moods = random.choice(len(templates), count, p=frequencies)
    return [_fill(str(random.choice(templates[mood])), random) for mood in moods]


def _fill(text: str, random: np.random.Generator) -> str:
    """Returns the template with its slots filled, at times capitalised or with a tail."""
    for slot, fillers in SLOTS:
        text = text.replace(slot, str(random.choice(fillers)))

    text = text.replace("{n}", str(random.integers(2, 60)))
    if random.random() < CAPITAL_SHARE:
        text = text[:1].upper() + text[1:]

    if random.random() < TAIL_SHARE:
        return f"{text} {random.choice(TAILS)}"

    return text
