"""The words by which a speech act is told: question words, auxiliaries, verbs of cancelling."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


QUESTION_WORDS = _words(
    "who whos who's whose whom what whats what's when whens when's where wheres where's which how "
    "hows how's"
)
"""They open a question for a fact. `why` is none: "why is this slow" complains."""
AUXILIARIES = _words(
    "am is are was were do does did have has had can could may might must shall should will would "
    "isn't aren't wasn't don't doesn't didn't haven't hasn't can't couldn't won't wouldn't "
    "shouldn't isnt arent dont doesnt didnt havent hasnt cant couldnt wont wouldnt shouldnt"
)
SUBJECTS = _words(
    "i we you he she it they there this that these those the a an any anyone anybody someone "
    "somebody everyone everybody my our your his her its their"
)
HAVE = _words("have has had")
"""Before a noun they are no auxiliaries: "have the flu"."""
INFINITIVES = _words("be not have need take work come stay try like love prefer go get")
"""Behind an auxiliary at the start they leave out the subject: "will be away", "would like …"."""
PERSONS = _words("i we he she it they you there")
OTHERS = _words("you someone somebody anyone anybody")
"""Whom somebody asks to do a thing: "can you …", "could somebody …"."""
SPEAKER = _words("i we")
REQUESTING = _words("can could may might will would")
EMBEDDED = (
    "tell me",
    "tell us",
    "let me know",
    "let us know",
    "do you know",
    "does anyone know",
    "does anybody know",
    "does somebody know",
    "anyone know",
    "anybody know",
    "i wonder",
    "i wondered",
    "i am wondering",
    "i'm wondering",
    "im wondering",
    "just wondering",
    "wondering",
    "i want to know",
    "i need to know",
    "i would like to know",
    "i'd like to know",
    "id like to know",
    "any idea",
    "remind me",
    "explain",
)
"""What a question may be put behind: "tell me how …"."""
ASKING_AFTER = QUESTION_WORDS | _words("if whether")
TAGS = _words("ok okay right alright possible please pls fine yes no thanks correct")
"""Words before a question mark that ask for a nod and not for a fact."""
PERMISSION = (
    "is it ok if",
    "is it okay if",
    "is it alright if",
    "is it all right if",
    "is it fine if",
    "is it possible",
    "would it be ok",
    "would it be okay",
    "would it be possible",
    "would it be alright",
    "is it ok to",
    "is it okay to",
    "do you mind if",
    "would you mind if",
    "am i able to",
    "any chance",
)
"""With a day they ask for that day; without one they ask for the rule."""
PERMISSION_ASKED = (
    "am i allowed",
    "are we allowed",
    "is one allowed",
    "is anyone allowed",
    "is anybody allowed",
    "is it allowed",
    "is it permitted",
    "is it forbidden",
    "is it ok to",
    "is it okay to",
    "is it fine to",
    "is it ok if",
    "is it okay if",
    "is it fine if",
)
"""They ask for a rule, whatever the thing is that one may do or not."""
ASKED_FOR = _words("have get ask see please request order")
"""Behind "can I" they ask for a thing, and for no rule."""
WORKS = _words(
    "summarise summarize shorten rewrite reword rephrase translate explain list draft write polish "
    "proofread improve fix make turn sum condense"
)
"""Behind "can I" they may order what a route does with a text."""
BROUGHT = _words("this these that following below above thread attached")
"""They point to a text that the message brings."""
RULE_QUESTIONS = (
    "is that allowed",
    "is this allowed",
    "is it allowed",
    "is that permitted",
    "is this permitted",
    "is it permitted",
    "is that forbidden",
    "is that legal",
    "are we allowed",
    "am i allowed",
    "are you allowed",
    "is one allowed",
)
"""Behind what somebody plans they ask for the rule: "I'd like to work from there, is that allowed?"
"""
DAYS = _words(
    "today tonight tomorrow tmrw tmr morning afternoon monday tuesday wednesday thursday friday "
    "saturday sunday mon tue tues wed thu thur thurs fri sat sun january february march april june "
    "july august september october november december jan feb mar apr jun jul aug sep sept oct nov "
    "dec"
)
"""Names of days and months; `may` is a verb more often. "Fridays" is no day: it asks for a rule."""
COMPLAINTS = (
    "what's wrong with",
    "what's the matter with",
    "what's up with",
    "what is wrong with",
    "what is the matter with",
    "what is up with",
    "what happened to",
    "what happened at",
    "what went wrong",
)
"""Openings of questions by which people report that something does not work."""
_WHAT_TO_DO = (
    "what can i do",
    "what can we do",
    "what should i do",
    "what should we do",
    "what do i do",
    "what do we do",
    "what now",
    "what to do",
)
_WHAT_ONE_HAS_TO_DO = (
    "what do i need to do",
    "what do we need to do",
    "what do i have to do",
    "what do we have to do",
    "what must i do",
    "what am i supposed to do",
)
HELP_QUESTIONS = (
    *_WHAT_TO_DO,
    "who can help",
    "who can fix",
    "who could help",
    "who can look",
    "how do i fix",
    "how do we fix",
    "how can i fix",
    "how can we fix",
    "how to fix",
    "how do i get it back",
    "where do i report",
    "who do i tell",
    "who do i call",
    "who should i tell",
    "who should i call",
    "who do i report",
    "whom do i tell",
    "whom do i call",
    "whom should i tell",
    "whom should i call",
    "who can cover",
    "who could cover",
    "who covers",
    "who can take over",
)
"""Behind a report they ask for help with it, and for no fact, whatever follows."""
GUIDANCE = (*_WHAT_TO_DO, *_WHAT_ONE_HAS_TO_DO, "where do i report")
"""Questions for help that a rule of the company may answer: what one has to do now."""
TELLING = _words(
    "tell call contact ask inform report notify phone ring message alert write speak talk turn"
)
"""Behind `who` they ask whom to tell."""
HELP_ALONE = (
    *_WHAT_ONE_HAS_TO_DO,
    "how long will it take",
    "how long will this take",
    "how long is this going to take",
)
"""They do so where nothing follows."""
EMPTY_WORDS = (
    AUXILIARIES
    | DAYS
    | _words(
        "i we you he she it they this that these there here me us my our anyone anybody someone "
        "somebody everyone the a an and or to for with at of by from now yet still again currently "
        "please exactly then finally soon be been know idea any tell do done if asap else"
    )
)
"""Words that give a question no subject of its own."""
_WHAT = _words("going on happening happened wrong matter problem issue status state cause reason")
_WHEN = _words("back up fixed repaired working works available running resolved solved online over")
_WHERE = _words("report help get new one another replacement")
_HOW = _WHERE | _words(
    "in back on into fix fixed repair repaired reset restart restore recover replace replaced "
    "unlock unlocked solve solved work working long last down"
)
_WHO = _words(
    "on call duty shift shifts cover covers covering take takes taking over in stand stands steps "
    "step help helps helping fix fixes fixing look looks looking into after handle handles "
    "responsible charge case contact ask call inform report notify phone ring alert investigating "
    "investigates working handling works aware affected instead replaces replace"
)
HELP_WORDS = {
    "what": _WHAT,
    "what's": _WHAT,
    "whats": _WHAT,
    "when": _WHEN,
    "where": _WHERE,
    "how": _HOW,
    "who": _WHO,
    "whom": _WHO,
    "who's": _WHO,
    "whos": _WHO,
}
"""What each question word asks for where it is about the report before it."""
WISHES = (
    "i want to",
    "we want to",
    "i would like to",
    "i'd like to",
    "we would like to",
    "we'd like to",
    "i plan to",
    "we plan to",
    "i am planning",
    "i'm planning",
    "im planning",
    "we are planning",
    "we're planning",
    "i intend to",
    "i am thinking",
    "i'm thinking",
    "i am considering",
    "i'm considering",
)
"""They tell what somebody has in mind; a question behind them is for how that is done."""
CANCEL_VERBS = _words(
    "cancel cancels cancelling canceling withdraw withdrawing revoke retract rescind undo uncancel "
    "unbook annul void"
)
CANCEL_PAIRS = (
    "call off",
    "take back",
    "pull back",
    "scrap my",
    "drop my",
    "delete my",
    "remove my",
    "reverse my",
)
CANCEL_PHRASES = (
    "no longer need",
    "no longer needed",
    "no longer want",
    "no longer taking",
    "not taking",
    "not need",
    "don't need",
    "dont need",
    "won't need",
    "wont need",
    "won't be needing",
    "wont be needing",
    "won't take",
    "wont take",
    "won't be taking",
    "changed my mind",
    "not going to take",
)
"""They take something back where it was there before ("any more", "after all")."""
TAKEN_BACK = ("anymore", "any more", "after all", "no longer", "changed my mind")
PLEASE = _words("please pls plz kindly let's lets")
ORDER_LEADS = (
    "please",
    "pls",
    "plz",
    "kindly",
    "can you",
    "could you",
    "would you",
    "will you",
    "can someone",
    "could someone",
    "can somebody",
    "could somebody",
    "can i",
    "could i",
    "may i",
    "can we",
    "could we",
    "i want to",
    "we want to",
    "i need to",
    "we need to",
    "i have to",
    "i must",
    "i would like to",
    "i'd like to",
    "id like to",
    "i wish to",
    "i want you to",
    "have to",
    "just",
    "now",
    "then",
    "and",
    "also",
    "i am",
    "i'm",
    "im",
    "let's",
    "lets",
    "help me",
    "help me to",
    "i will",
    "i'll",
)
"""What stands before the verb of an order."""
OPENINGS = (
    "hi",
    "hey",
    "hello",
    "beagle",
    "quick",
    "question",
    "quick question",
    "small question",
    "dumb question",
    "i have a question",
    "i have a quick question",
    "i've got a question",
    "quick q",
    "q",
    "one question",
    "a question",
    "and",
    "but",
    "so",
    "also",
    "or",
    "ok",
    "okay",
    "then",
    "well",
    "oh",
    "um",
    "sorry",
    "excuse me",
    "by the way",
    "btw",
    "good morning",
    "morning",
    "thanks",
    "actually",
    "hi there",
    "hi all",
    "hi team",
    "hi everyone",
    "hello all",
    "hello team",
    "hello everyone",
    "hey all",
    "hey team",
    "hey there",
    "just",
)
"""Words before a sentence that say nothing of what it does."""
PREPOSITIONS = _words("in on at for from to by with until till since about under within of")
CONDITIONS = _words(
    "if when while during in for after before once until with as suppose because since"
)
"""They open a clause that a question may stand behind: "if I am ill, do I …"."""
