"""Orders for what a bot cannot do, and the question whether it did something by itself.

Such an order resembles a request that a form takes ("book me a seat for Friday"), so it is told by
its verb and its object, whatever days it names.
"""

from __future__ import annotations

import re

_LEAD = (
    r"(?:(?:hi|hey|hello|ok|okay|beagle|please|pls|plz|kindly|just|also|and|now|then|so|can you|"
    r"can u|could you|could u|would you|will you|can someone|could someone|can somebody|"
    r"could somebody|i want you to|i need you to|i would like you to|i'd like you to|you should|"
    r"you must|go ahead and)[,!]? ){0,4}"
)
_SOMEBODY = (
    r"(?:(?!(?:me|us|him|her|them|it|you|this|that|the|my|our|a|an)\b)[\w-]{2,30}|"
    r"(?:the|my|our) (?:[\w-]{2,20} ){0,2}(?:boss|manager|team|lead|colleagues?|office|reception|"
    r"supervisor|department|people team|hr|it))"
)
_FOR_WHOM = r"(?: (?:me|us|him|her|them|everybody|everyone))?"
_GAP = (
    r"(?: (?!(?:off|leave|holidays?|vacation|time|days?|weeks?|for|in|on|is|are|from|does)\b)"
    r"[\w'-]{1,20}){0,4}?"
)
"""Words between verb and object; none of them may name what is booked as time off."""
_END = (
    r"(?=\Z| ?[.,!?;]| (?:for|to|from|on|at|in|by|with|this|next|tomorrow|tonight|today|please|pls|"
    r"and|that|which|of|near|under|around|between|before|after|instead|now|\d)(?![\w']))"
)
_JOURNEY = (
    r"flights?|trains?|(?:train|bus|flight|plane|concert) tickets?|seats?|"
    r"taxis?|cabs?|rides?|vans?|cars?|hotels?|"
    r"hostels?|hotel rooms?|airbnb|trips?"
)
_PLACE = (
    r"tables?|restaurants?|rooms?|meeting rooms?|conference rooms?|desks?|projectors?|"
    r"parking (?:spots?|spaces?|lots?)|phone box(?:es)?"
)
_FOOD = (
    r"pizzas?|lunch(?:es)?|dinner|breakfast|food|sandwich(?:es)?|cakes?|catering|flowers|snacks|"
    r"drinks|sushi|burgers?|salads?|gifts?|presents?"
)
_DATE = r"meetings?|calls?|appointments?|workshops?|one-on-ones?|1:1s?|interviews?|invitations?"
_BOOK = re.compile(
    rf"{_LEAD}(?:(?:book|reserve|rent|hire){_FOR_WHOM}{_GAP} "
    rf"(?:{_JOURNEY}|{_PLACE}|{_DATE})"
    rf"|block{_FOR_WHOM}{_GAP} (?:{_PLACE})"
    rf"|(?:order|buy){_FOR_WHOM}{_GAP} (?:{_JOURNEY}|{_FOOD})"
    rf"|get (?:me|us)(?: (?:an?|the|some))? (?:{_JOURNEY}|{_FOOD})"
    rf"|(?:schedule|arrange|organi[sz]e){_FOR_WHOM}{_GAP} (?:{_DATE})"
    rf"|set up{_FOR_WHOM} an? (?:[\w-]{{1,20}} )?(?:meeting|call|interview)"
    rf"|(?:cancel|move|postpone|reschedule) (?:my|our|the|this|that|all|tomorrow's|today's)"
    rf"{_GAP} (?:{_DATE}|flights?|reservations?|bookings?)){_END}",
    re.IGNORECASE,
)
_APPROVE = re.compile(
    rf"{_LEAD}(?:approve|reject|authori[sz]e|sign off(?: on)?) "
    r"(?:[\w-]{1,30}(?:'s|s')|the|this|that|his|her|their|all|(?:my|our)(?! (?:[\w-]{1,20} ){0,2}"
    r"(?:leave|holidays?|vacation|time off|days? off)\b))(?: [\w'-]{1,20}){0,3}? "
    r"(?:requests?|leave|holidays?|vacation|time off|days? off|expenses?|claims?|invoices?|"
    rf"purchases?|trips?|overtime){_END}",
    re.IGNORECASE,
)
_SEND = re.compile(
    rf"{_LEAD}(?:send(?: out)?(?: (?:an?|the|this|that))?(?: [\w-]{{1,20}})? "
    r"(?:e-?mails?|mails?|messages?|invitations?|invites?|reminders?|sms) to\b"
    r"|(?:send|e-?mail|text|message) (?!(?:me|us|this|that|it)\b)[\w-]{1,30} an? "
    r"(?:e-?mail|mail|message|reminder|invitation|invite)\b"
    r"|(?:e-?mail|call|phone|ring up) (?!(?:me|this|that|it)\b)(?:the |all |every |our |my )?"
    r"[\w-]{1,30} (?:and tell|and say|to say|to tell|and ask)\b"
    r"|e-?mail (?:him|her|them|everyone|everybody|"
    r"the (?:team|clients?|customers?|suppliers?)) that\b)",
    re.IGNORECASE,
)
_TELL = re.compile(
    rf"{_LEAD}(?:(?:tell|inform|notify) {_SOMEBODY} (?:that|about|to|not to|i|i'm|im|i'll|we|we're|"
    rf"we'll)\b|let {_SOMEBODY} know\b|warn {_SOMEBODY} (?:that|about)\b)",
    re.IGNORECASE,
)
_REMIND = (
    rf"(?:(?:remind|nudge|ping|alert|wake) (?:me|us|him|her|them|{_SOMEBODY})|"
    r"(?:set|create|make|schedule) (?:me |us )?(?:a|an|another) (?:[\w-]{1,20} )?"
    r"(?:reminder|alarm|timer))\b"
)
_ORDERS_REMINDER = re.compile(rf"{_LEAD}{_REMIND}", re.IGNORECASE)
_NAMES_REMINDER = re.compile(rf"\b{_REMIND}", re.IGNORECASE)
_RECALLS = re.compile(
    rf"{_LEAD}remind (?:me|us) (?:again )?(?:(?:what|how|which|where|who|whom|whose|why|whether|"
    r"if)\b|(?:of|about)\b(?!.{0,200}\b(?:today|tonight|tomorrow|later|again|morning|afternoon|"
    r"evening|noon|midnight|(?:mon|tues|wednes|thurs|fri|satur|sun)day|next|every|each|daily|"
    r"weekly|monthly|(?:in|at|before|after|by|on) (?:the )?(?:an? |few |half |end|\d|one|two|three|"
    r"four|five|six|seven|eight|nine|ten)|\d{1,2}(?::\d\d)? ?(?:am|pm|o'clock))))",
    re.IGNORECASE | re.DOTALL,
)
"""A question for what somebody once knew: "remind me of the wifi code". It names no time."""
_FAILS = re.compile(
    r"\b(?:fail(?:s|ed|ing)?|(?:does|do|did|is|are|can|could)(?: not|n't)|cannot|errors?|"
    r"broken|bounces?|wrong|rejected|crash(?:es|ed)?|works?|solved|stuck)\b",
    re.IGNORECASE,
)
_TO_DO = (
    r"(?:creat(?:e|ed)|fil(?:e|ed)|submit(?:ted)?|sen[dt]|book(?:ed)?|order(?:ed)?|"
    r"report(?:ed)?|(?:tell|told)(?! me\b)|inform(?:ed)?|notif(?:y|ied)|forward(?:ed)?|"
    r"enter(?:ed)?|register(?:ed)?|(?:pass|hand)(?:ed)? (?:it|this|that)|cancel(?:l?ed)?|"
    r"let (?:[\w-]{1,20} ){1,3}know|take care of (?:it|this|that)|"
    r"(?:open|raise)d? (?:an?|the|my|this|that) (?:[\w-]{1,20} )?"
    r"(?:ticket|request|incident|report)|"
    r"log(?:ged)? (?:it|this|that|an?|the|my)|d(?:o|one) (?:it|this|that|anything|something))"
)
_ADVERBS = r"(?: (?:already|really|actually|just|now|even|then|been|all|also|yet)){0,3}"
_WISH = (
    r"(?:my (?:[\w-]{1,20} ){0,2}?(?:requests?|tickets?|leave|reports?|forms?|sick note|time off|"
    r"day off|holidays?|vacation)|"
    r"the (?:[\w-]{1,20} )?(?:ticket|form|request|leave|report|incident)|"
    r"an? (?:ticket|request|report))"
)
_WAS_DONE = re.compile(
    rf"{_LEAD}(?:(?:but|wait|oh),? )?(?:(?:did|have|had|are) you(?: going to)?{_ADVERBS} "
    rf"{_TO_DO}\b(?: [\w'-]{{1,20}}){{0,8}}"
    rf"|(?:is|was|has|does that mean) (?:it|that|this|everything|{_WISH})(?: is| was)?{_ADVERBS} "
    r"(?:sent|submitted|filed|entered|registered|recorded|passed on|forwarded|in the system|"
    r"booked|opened)"
    r"(?: (?:or not|now|already|yet|then|somewhere|anywhere|for me|for real|to (?:hr|it|anybody|"
    r"anyone|somebody|someone|my boss|my manager))){0,3}"
    r"|(?:that|it|this)(?:'s| is) booked now|you (?:sent|submitted|booked|filed) (?:it|that|this), "
    r"right|you opened a ticket) ?[?.!]*\Z",
    re.IGNORECASE,
)


def is_errand(text: str) -> bool:
    """Returns whether the message orders what needs hands: to book, order, approve or send.

    A sentence that names a failure is a report, however it begins.
    """
    if _FAILS.search(text) is not None:
        return False

    return any(order.match(text) is not None for order in (_BOOK, _APPROVE, _SEND, _TELL))


def wants_reminder(text: str) -> bool:
    """Returns whether the message orders to remind somebody later.

    "Remind me how we file expenses" asks for something now, so it is a question.
    """
    return _ORDERS_REMINDER.match(text) is not None and not asks_again(text)


def names_reminder(text: str) -> bool:
    """Returns whether an order to remind somebody stands anywhere in the text."""
    return _NAMES_REMINDER.search(text) is not None and not asks_again(text)


def asks_again(text: str) -> bool:
    """Returns whether the message asks for something once known: "remind me of the wifi code"."""
    return _RECALLS.match(text) is not None


def asks_what_was_done(text: str) -> bool:
    """Returns whether the whole message asks Beagle if it has acted: "did you send it?"."""
    return _WAS_DONE.match(text) is not None
