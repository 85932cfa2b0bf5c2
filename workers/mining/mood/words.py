"""Closed classes of English words by which `asking` tells requests from statements."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPENINGS = _words("""
hi hey hello ok okay so and also well beagle all everyone everybody folks team guys there quick
question sorry to bother hiya morning afternoon
""")
WH_WORDS = _words("""
how what what's whats which who who's whose whom where where's when when's why why's how's
""")
AUXILIARIES = _words("""
can could would will shall should may might is are am was were do does did has have had isn't
aren't can't couldn't won't wouldn't don't doesn't didn't must
""")
SUBJECTS = _words("""
i you we they he she it somebody someone anybody anyone there this that these those nobody people
""")
SOMEBODY = _words("somebody someone anybody anyone who")
FIRST_PERSON = _words("i i'm i've i'd i'll my me we we're our us im ive we've we'd mine")
ARTICLES = _words("the a an this that these those there it it's its")
POLITE = _words("please pls plz kindly")
NEEDS = _words("""
need needs needed require requires required request requests requesting wanted want wants wish
looking seeking missing asks asking trying try help like unable wondering searching hoping order
purchase apply
""")
NEGATIONS = _words("""
not no can't cannot won't doesn't don't didn't isn't aren't wasn't never without nothing cant dont
doesnt wont haven't hasn't couldn't
""")
FAILURES = _words("""
broken broke dead stuck fail fails failed failing failure error errors crash crashes crashed
crashing freezes frozen freeze wrong lost stolen expired expires expire locked blocked declined
rejected jammed jams jam down offline slow leaking leaks leak flickers flicker problem problems
issue issues trouble unlock reset repair fix forgot forgotten damaged empty refuses refused
disappeared incorrect denied
""")
THANKS = _words("""
thanks thank thx ty cheers appreciate appreciated grateful obliged kudos props congrats
congratulations welcome bravo respect awesome amazing great nice lovely legend love loved cool
brilliant perfect wonderful well
""")
GREETINGS = _words("""
morning evening afternoon hello hi hey gm bye goodbye night hiya greetings happy yo weekend lunch
dear welcome ciao hola bonjour sup ahoy howdy good
""")
VOTES = _words("""
+1 -1 yes yep yup yeah aye agree agreed seconded vote votes voted fine sure ok okay favour favor
prefer pick :+1: :-1: :thumbsup: :white_check_mark: :heavy_check_mark: :raised_hand:
""")
DEEDS = _words("""
done finished completed closed opened merged pushed deployed shipped released fixed updated signed
won sold sent arrived left landed started stopped ran took got went came found made brought put
said told saw met moved reached submitted cleaned checked restocked delivered served wrote marked
built bottled brewed rolled covered restarted resolved processed handed held spent gave kept
yesterday today since so
""")
STATES = _words("""
is are was were has had looks seems sits stays runs remains am we're i'm it's been back again now
still ready live out off ok fine normal stable green
""")
_IMPERATIVES = """
accept activate add adjust allow answer apply approve arrange ask assign attach block book borrow
bring build buy calculate call cancel change charge check clean clear close collect compare
complete confirm connect convert copy correct create deactivate delete deliver describe disable
download draft email enable enter escalate estimate exchange explain export extend file fill find
fix forward generate get give grant hand help hire increase inform install invite invoice issue
keep let lend list load locate lock log look lower make mark merge message migrate move name notify
open order organise organize pause pay pick plan play post prepare print process provide publish
pull put raise read rebook recommend record refund register reject release remind remove rename
renew reorder repair repeat replace report request resend reserve reset resolve restart restore
return review revoke roll run save schedule search send set share ship show sign skip snooze sort
spell start stop submit suggest summarise summarize swap switch sync take tell test track train
transfer translate turn unblock unlock unsubscribe update upgrade upload use verify void wake write
"""
IMPERATIVES = _words(_IMPERATIVES)
"""Plain forms of verbs by which people ask for something to be done."""

FUNCTION_WORDS = (
    _words("""
the a an of to in on for with and or but by from at as if is are was were be been it this that these
those there i you we they my your our me us not no can could would will do does did have has had how
what which who where when why please need all any some more than then so up out about into over just
still back now today again until after before through during between without every each another
other both such only also ever always here over under off per her his him she he its than very too
much many own same
""")
    | THANKS
    | GREETINGS
    | VOTES
    | DEEDS
    | WH_WORDS
    | NEEDS
)
"""A message without any of these is not English, or says too little to tell."""

FOREIGN_WORDS = _words("""
der die das und ist ein eine einen nicht ich wir bitte wie kann mein meine für mit auf von zu den
dem le la les un une et est je vous nous pour dans pas mon ma qui que quoi avec sur du des
el los las una y es por para con mi no se del al como puede
il lo gli e di per non che come sono il mio
de het een en niet ik wij voor met van mijn
""") - _words("no die un")
"""Of German, French, Spanish, Italian and Dutch: such messages are left undecided."""
