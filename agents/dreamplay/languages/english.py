"""English: its words and patterns, but for those of refusals, which are in `english_refusals`."""

from __future__ import annotations

import re

from dreamplay.languages import english_refusals
from dreamplay.languages.language import Language


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STAGE_VERBS = (
    r"sighs|smiles|nods|shrugs|frowns|grins|chuckles|whispers|pauses|glances|stares|leans|steps|"
    r"looks (at|up|down|away|around|out|over)|turns (to|away|around|back)|shakes (his|her|their) head|"
    r"walks (in|out|over|away|to)|picks up|puts down|stands up|sits down"
)
"""What a stage direction says that somebody does."""
TELLS = "says|thinks|means|wants|tells|asks"
OWES = "should|must|wants|needs"
"""What is told about somebody by name."""
BEHIND_VERBS = "(?:the|a|an|his|her|their|its|up|down|off|at|to|back|away|out|over)"
"""What goes on behind a verb, and seldom behind a plural: "Leo takes the chair"."""
BODY = "hands?|eyes|voice|face|fingers|shoulders|mouth|head|gaze"
SPEECH = re.compile(
    r"\b(?:say|says|said|saying|think|thinks|thought|shout\w*|call|calls|called|tell|tells|told|cry|cried|cries|ask|"
    r"asks|asked|wrote|writes|whisper\w*|read|reads|myself)\b",
    re.IGNORECASE,
)
"""Words behind which somebody is quoted."""
SIGNED = r"^(?:your \w+(?: \w+)?|yours(?: \w+)?|(?:all my |with )?love|sincerely|regards|best wishes), {name}\.?$"
"""The end of a letter from {name}."""
INTRODUCED = r"(?:from|of|at|in|with|on|by|the|aged|here|speaking|son|daughter|like|as|and|or)\b"
"""What follows a name with which speakers say who they are."""
CUE_MANNER = (
    r"(?!nothing\b|something\b|anything\b|everything\b)"
    r"(?:\w+ly|with|without|over|under|through|between|behind|across|into|by|in|on|\w+ing)\b"
)
"""How the manner of a cue begins: "drily", "without looking up"."""
LISTED_SHEET = re.compile(
    r"\b(?:wish(?:es)?|fear)\s*:|\bthe dream is about\b|\bwhat (?:they|each of them) (?:fears?|wish(?:es)?)\b|"
    r"[:.] - \w+:",
    re.IGNORECASE,
)
"""A dream that has become the list from which it was to be told."""
NEGATIVES = re.compile(
    r"\b(?:no|not|never|cannot|none|nor|neither|nothing|nowhere|rather|instead|refuse|\w+n't)\b", re.IGNORECASE
)
"""The words of which one says no. "Nobody" is one only where a line begins with it: see `Language.denial`."""
I_WILL_NOT = re.compile(
    r"\bI(?:'m|'ll|'d| am| will| would| shall)? (?:not|never|can't|cannot|won't|don't|wouldn't|shan't|refuse)\b",
    re.IGNORECASE,
)
"""How somebody says no of themselves."""
REPORTS = r"I(?:'ll| will|'ve| have)? (?:told|tell)"
"""The beginning of a line that repeats the form of its cue."""
_JOINING = "and|or|but|as|in|on|at|to|with|from|by|until|while|when|for|like"
"""What no noun begins with: behind them "her" is the one whom something is done to."""
_SUBJECTS = "the|an?|his|her|their|its|he|she|it|they|there|no|nobody|nothing|each|every|all|at|in|on|when|wherever"
"""What a clause begins with that has a subject of its own."""
_DONE = (
    "bake|bind|bite|boil|break|brush|burn|bury|button|carry|carve|catch|chop|clean|clear|climb|close|coil|comb|cook|"
    "copy|count|cover|cross|crush|cut|darn|deal|dig|drag|drain|draw|drink|drop|dry|eat|empty|feed|fill|finish|fix|fly|"
    "fold|fry|gather|grind|hang|hem|hide|hold|iron|keep|kick|kiss|knead|knit|knot|lick|lift|light|load|lock|mend|mix|mow|"
    "nail|open|pack|paint|patch|peel|pick|pin|plane|plant|play|pluck|polish|post|pour|press|prune|pull|push|read|"
    "repair|return|ring|rinse|roll|row|rub|scrape|scrub|send|sew|share|sharpen|shut|sign|sing|slice|smell|sort|spin|split|"
    "spread|squeeze|stack|stamp|steer|stir|stitch|straighten|strike|study|sweep|swing|taste|tear|throw|tie|toss|touch|"
    "trim|tune|turn|twist|unfold|unlock|unpack|unroll|untie|unwrap|wash|weave|weigh|wind|wipe|wrap|write"
)
"""What hands do with one thing. What mostly is where a way leads, or whom a letter is for, is none: "water"."""
_DONE_SO = "blow|give|hand|kneel|lay|lean|lie|look|put|rest|set|sit|sleep|stand|step|switch|take|walk|warm"
"""The same with what belongs to the verb alone: "a stone to sit on"."""
_PARTICLES = "on|off|in|out|up|down|away|over|through|with|at|from"
"""What belongs to a verb: "takes off", "sits down on"."""
_FOR = (
    "attempt|call|chance|invitation|licence|license|need|offer|order|permit|plan|promise|reason|right|ticket|way|wish"
)
"""What is for something that is not done with it: "an invitation to sing"."""
_ASKS = "asks|wonders|(?:demands|wants) to know"
_WH = r"(?:in|on|at|for|to|from|by|with|of) (?:which|what|whom|whose)|why|what|who|whose|whom|how|where|when|which"
_AUXILIARY = "(?:is|are|was|were|has|have|had|can|could|will|would|should|must|does|did|do)"
_REQUESTS = "asks|tells|begs|urges|orders|invites|reminds|dares|bids|advises|warns"
SAID_TO = (
    r"\b(I(?:'ll| will)? (?:promise|beg|tell|ask|offer|owe|warn|remind|thank|give)) {name}(?!['\u2019\w])",
    r"\b(I (?:promise|confess|confessed|admit|admitted|propose|offer|apologise|say)(?: [\w-]+){{0,4}} to) {name}"
    r"(?!['\u2019\w])",
)
"""Where a speaker names whom they speak to as if it were somebody else."""
_NOT = r"(?:not?|never|nobody|nothing|none|nor|neither|cannot|\w+n['\u2019]t)\b"
_OPEN = rf"(?:that|whether|if|{_WH}|{_AUXILIARY}|be|been|and|but|because)"
_WEATHER = "(?:too |very )?(?:cold|warm|hot|dark|light|late|early|raining|snowing|noon|midnight|time|over)"
"""What "it" is without standing for anything."""
HARD_MOVES = (
    (re.compile(r"\b(?:who|what|which|whom)ever\b"), "'whoever' and 'whatever' name nobody: write who does what"),
    (
        re.compile(rf"^(?:says no\b)?+.*?\b{_NOT}.*\b{_NOT}"),
        "two negatives, of which a small model loses one: write what is so",
    ),
    (
        re.compile(
            rf"^\w+s(?: to)?(?: \{{\w+\}})?[:,]?(?: {_OPEN})* (?:it(?! (?:is|was|will be) {_WEATHER}\b)|they|them)\b"
        ),
        "'it' or 'they' before anything is named: write the noun",
    ),
    (
        re.compile(r"^\w+s(?: to)? \{\w+\} that (?:.*\b(?:his|her|him|me|my)\b(?! own\b)|.*\{\w+\})"),
        "'his', 'her', 'me' or a name behind 'that', which it turns round: write what is said, behind a colon",
    ),
    (
        re.compile(
            r"\b(?:may|might|can|could|must|should|would|will|had to|has to|have to|cannot)(?: not| never)? be "
            r"(?!open\b|even\b)(?:\w+(?:ed|en|own|ght)|told|sold|held|said|paid|made|put|cut|sent|lost|left|found|done)\b"
        ),
        "a passive behind 'may', 'must' or 'will': write who does it",
    ),
    (
        re.compile(r"^\W*(?:[\w{}'\u2019-]+\W+){20}\w"),
        "more than 20 words, of which a small model says half: one idea each",
    ),
)
"""What a small model says wrong in what a move does, as it is written, and why."""
JOINTS = re.compile(r"(,? (?:and|but|so)) that (?!is\b|was\b)")
"""How a report goes on with another clause."""
GOES_ON = (
    r"(?:at|before|in|on|by|with|for|until|till|since|from|under|after|about|through|over|without|behind|as) "
    r"(?!(?:once|now|all|example|usual|the way|the other)\b)(?:(?!\b(?:I|you|we|they|he|she|it)\b)[^,.?!\u2026])*"
)
"""How a sentence goes on that ends without another clause: with a preposition."""
CLAUSE = re.compile(
    r"\s*(?:(?:and|but|so) )?(?:if|when|while|since|before|after|as|until|once|because|although|unless|now that)\b",
    re.IGNORECASE,
)
"""What a clause begins with behind which another has to come."""
MEMORY_FORM = re.compile(r"^I remember, from long ago(:|,) (?=\w)")
"""The form in which a prompt quotes a memory."""

ENGLISH = Language(
    code="en",
    function_words=_words("""
a all am an and are as at be but by can do for he her him his i if in is it its me my no nobody not of on one or our
she so somebody that the their them then there they this to us was we what who with yes you your
"""),
    stop_words=_words("""
a about after again all also always am an and any anybody anyone anything are aren't as at be because been before
being both but by can can't cannot could couldn't did didn't do does doesn't doing don't down each else even ever
every everybody everyone everything few for from get gets got had has have he he's her here hers herself him himself
his how i i'd i'll i'm i've if in into is isn't it it's its itself just let let's like may me might mine more most
much must my myself never no nobody nor not nothing now of off oh on once one only or other our ours out over own
please quite really same shall she she's should so some somebody someone something such sure than that that's the
their theirs them themselves then there there's these they they're thing things this those though through to too under
until up upon us very was wasn't we we'll we're we've well were what what's when where which while who whom whose why
will with won't would yes yet you you'd you'll you're you've your yours yourself
"""),
    name_words=_words("""
amber angel april art ash august autumn basil bear bill blue bob buck bud cash chance charity chase chip chuck clay
cliff cook crystal daisy dale dash dawn dean destiny don drew duke earl eve echo faith fern flint ford forest fox frank
gale gay gene ginger glen grace grant guy harmony harry heath heather holly honor hope hunter iris ivy jack jade jasmine
jay jewel jolly josh joy june king lance liberty lily love luna major march mark max may melody mercy miles mission
moon moss neal nick night noble nova ocean olive otter page pat patience pearl peg penny pepper phoenix pierce pip
poppy precious prudence queen rain raven ray red reed rich river rob robin rock rocky rose ruby rush rusty sage sandy
shadow sky skip sonny star stone storm sue summer sunny temple terry tide true trinity victor violet wade ward will
winter wolf wood woody wren young
"""),
    open_ends=_words(
        "a an the and or but if that which who whom whose my your his her its our their of to from with for in on at "
        "by as than because so i we they you he she is are was were has have had will would can could not into about "
        "when what"
    ),
    first_person=re.compile(r"\b(i|i'\w+|me|my|mine|myself|we|we'\w+|us|our|ours)\b", re.IGNORECASE),
    second_person=re.compile(r"\b(you|you'\w+|your|yours|yourself)\b", re.IGNORECASE),
    third_person=re.compile(r"\b(he|she|his|her|him|hers|himself|herself)\b", re.IGNORECASE),
    stands_for=re.compile(
        rf"\b(?:(?P<own>(?:his|their|her)(?= (?!(?:{_JOINING})\b)\w))|he|she|they|him|her|them)\b",
        re.IGNORECASE,
    ),
    own_form="{name}'s",
    walks_in=(
        "{name} reaches for {whose}, and",
        "{name} looks for {whose}, and",
        "{name} calls {whose}, and",
        "{name} comes to {whose}, and",
    ),
    joints=re.compile(rf"; |, (?:until|while) |, (?:and|but) (?=(?:{_SUBJECTS})\b)"),
    thing_to_do=re.compile(
        rf"(?P<thing>(?:an?|the|some) (?:(?!(?:that|which|who|from|next|close|up|down)\b)[\w-]+ ){{0,5}}?"
        rf"(?!(?:{_FOR})\b)[\w-]+) to (?P<verb>(?:{_DONE})\b|(?:{_DONE_SO})(?= ))(?P<particles>(?: (?:{_PARTICLES}))*)"
    ),
    verb_forms=(
        (re.compile(r"(?:s|x|z|ch|sh|o)$"), r"\g<0>es"),
        (re.compile(r"(?<=[^aeiou])y$"), "ies"),
        (re.compile("$"), "s"),
    ),
    takes=("{name} takes {thing}", " and"),
    one_thing=re.compile(r"an? (?!few\b|lot\b)"),
    is_there=("And there is {thing}", ", and nobody is"),
    negation=re.compile(r"\b(no|not|never|nobody|nothing|cannot|than|instead|against|\w+n\Wt)\b", re.IGNORECASE),
    explains_dream=re.compile(r"\b(fears?|afraid|wish(es)?|hidden|dreams? (is|that|shows))\b", re.IGNORECASE),
    assistant_manners=re.compile(
        r"^I'm sorry\b|\b(it's important (to|that)|I (need|want) to make sure|for the opportunity|I apologi[sz]e|"
        r"you're (absolutely )?right|that's a (good|great) (idea|question)|(could|can) you tell me (more )?about|"
        r"I (completely |totally )?(agree with|appreciate|understand) (you|your|that)|I believe you|it's amazing how|"
        r"thank you for|I'm here (to help|for you)|let me know|I have no idea what you're talking about)\b",
        re.IGNORECASE,
    ),
    half_turned=re.compile(
        r"\bI (?!always\b|perhaps\b|sometimes\b|was\b|as\b)\w+[^s\W]s\b|, and tells? \w+ that\b|"
        r"\b[Yy]ou told me that\b"
    ),
    half_turned_after=(re.compile(r"\bI\b"), re.compile(r" (he|she) \w+s\b")),
    slips=english_refusals.SLIPS,
    asked_matter=re.compile(
        r"^(?:\w+ ){0,2}?(?:asks|(?:wants|demands) to know)\b(?: \S+){0,4}?,? "
        r"(?P<word>why|what|who|whose|how|where|when|which)\b"
    ),
    gesture=re.compile(
        r"(?:\w+ly,? )?(?!(?:thinks|wonders|wishes|knows|feels(?! (?:in|for|under|along)\b)|remembers|wants|believes|"
        r"hopes|decides|realises|realizes|hates|loves|yes|this|his|hers|its|as|is|was|has|us|thus|always|perhaps|sometimes|unless|less|alas|"
        r"besides|towards|afterwards|ours|yours|theirs)\b)(?:[a-z]+[^\W\ds]s|(?:does|would)n['\u2019]t|"
        r"(?:won|can)['\u2019]t)\b",
        re.IGNORECASE,
    ),
    stays_silent=re.compile(
        r"(?:says|answers|replies) nothing|(?:is|stays|remains|keeps|falls) (?:silent|quiet)|no (?:answer|reply|words)|"
        r"(?:does not|doesn['\u2019]t) (?:answer|reply|speak)|(?:a )?(?:long |short )?(?:pause|silence|beat)",
        re.IGNORECASE,
    ),
    goes_away=re.compile(
        r"(?:(?P<before>.+?),? (?:and|then|and then) )?(?:(?:gets|stands) up and )?(?:leaves|walks out|goes out)"
        r"(?: the room| without .+)?",
        re.IGNORECASE,
    ),
    move_forms=(
        ("question", rf"(?P<verb>{_ASKS})(?: {{name}})?:? (?P<matter>(?P<word>{_WH})\b.*)"),
        ("question", rf"(?P<verb>{_ASKS})(?: {{name}})?:? (?P<word>)(?:whether|if) (?P<matter>.*)"),
        ("question", rf"(?P<verb>{_ASKS})(?: {{name}})?: (?P<matter>(?P<word>{_AUXILIARY})\b.*)"),
        ("request", rf"(?P<verb>{_REQUESTS}) {{name}} (?P<word>)(?P<matter>for .*)"),
        ("request", rf"(?P<verb>{_REQUESTS}) {{name}} (?P<matter>(?:not )?to (?P<word>\w+)\b.*)"),
        ("report", r"(?P<verb>[a-z]+s)(?: to)?(?: {name})? that (?P<matter>.*)"),
        ("report", r"(?P<verb>[a-z]+s)(?: to)?(?: {name})?: (?P<matter>.*)"),
        ("act", r"(?P<verb>[a-z]+s)\b(?:(?: to)? {name}\b(?!'s))? ?(?P<matter>.*)"),
    ),
    move_refuses=re.compile(r"^(?:refuses|denies|declines|rejects|turns down|says no|will not)\b"),
    move_accepts=re.compile(r"^(?:accepts|agrees|consents|says yes|gives in|yields)\b"),
    move_apologises=re.compile(r"^(?:apologi[sz]es|(?:is|says) sorry|begs (?:\w+ )?pardon)\b"),
    apology=re.compile(
        r"\b(?:sorry|forgive|pardon|apolog\w+|excuse|regret|ashamed|my fault|shouldn't have|should not have|"
        r"(?:was|were) wrong)\b",
        re.IGNORECASE,
    ),
    move_acts=(
        (r"(?:refuses|declines) to\b", "No, I won't"),
        (r"(?:refuses|denies|declines|rejects|turns down|says no)\b", "No"),
        (r"(?:agrees|consents) to (?!(?:a|an|one|the|this|that|it)\b)", "Yes, I'll"),
        (r"(?:accepts|agrees|consents|says yes|gives in|yields)\b", "Yes"),
        (r"apologises|apologizes", "I'm sorry"),
        (r"thanks\b", "Thank you"),
        (r"offers to\b", "I'll"),
        (r"offers\b", "You can have"),
        (r"(?!says|tells|reads|reports|reminds|corrects|answers|asks)[a-z]+s\b", "I"),
    ),
    move_requests=((r"not to\b", "Don't"), (r"for\b", "Give me")),
    auxiliary=re.compile(rf"\b{_AUXILIARY}\b", re.IGNORECASE),
    own_matter=(
        (r"(?:his|her|{name}['\u2019]s) ", "My"),
        (r"(?:he|she|{name})(?=[ ,'\u2019])", "I"),
    ),
    assent=re.compile(
        r"^(?:yes|yeah|yep|aye|all right|alright|okay|ok|fine|of course|certainly|sure|gladly|please|thank you|thanks|"
        r"very well|agreed|done|deal|go on|perhaps|maybe|because|in time|later|soon|"
        r"in (?:a|one) (?:minute|moment|second))\b",
        re.IGNORECASE,
    ),
    denial=re.compile(r"^(?:no|nope|never(?! mind)|not|nobody|nothing|none|neither|nowhere)\b", re.IGNORECASE),
    promises=re.compile(
        r"\bI promise\b|\bI swear\b|\byou have my word\b|\b(?:give|gave) you my word\b|\bmy word on it\b|"
        r"\bI(?:'ll| will| won't| shall) (?!tell you what|bet you|grant you)(?:[\w'\u2019]+ ){0,7}you(?:r|rs)?\b",
        re.IGNORECASE,
    ),
    accusations=re.compile(
        r"(?<!\bof )(?<!would )(?<!could )(?<!will )(?<!can )(?<!do )(?<!don't )"
        r"\byou(?:'ve| have|'re| are|'d| had)? (?:just |only |always |both |all |still )?(?:"
        r"(?:never|didn't) \w|lied\b|lying\b(?! (?:on|in|down|there|here|still|under|by))|stole\b|stolen\b|promised\b|"
        r"swore\b|knew\b|forgot\b|forgotten\b|cheat(?:ed|ing)\b|said you(?:'d| would)\b|"
        r"(?:could|should|might|ought to) have\b|"
        r"(?:left|broke|broken|burnt|burned|took|taken|sold|hid|hidden|killed|betrayed|let) "
        r"(?:me|my|him|his|her|us|our|them|their|it)\b)|"
        r"\byour (?:own )?fault\b|\bhow (?:dare|could) you\b|\bbehind my back\b|\bit was you\b",
        re.IGNORECASE,
    ),
    offers=re.compile(
        r"(?<!what )(?<!where )(?<!how )(?<!when )\bshall (?:I|we)\b|\bwhy don't (?:you|we)\b|"
        r"(?<!which )(?<!what )\bwould you (?:like|rather)\b|\bdo you want (?:me|some|a|an|the)\b|"
        r"\b(?:can|could|may) I (?:get|give|help|offer|show|bring) (?:you|some)\b|\blet's (?!see\b)|\bcome with me\b|"
        r"\byou (?:can|may) have (?:it|this|that|the|a|an|my|mine|some|one|all)\b|"
        r"\bI (?:can|could) (?:give|lend|get|offer) you\b|\b(?:have|take) (?:some|this|mine)\b|\bhow about\b|"
        r"\bwhat if (?:we|I (?:came|went|took|gave|stayed))\b|\bwill you (?:come|take|have|stay)\b",
        re.IGNORECASE,
    ),
    lets_go=re.compile(
        r"\b(?:never mind|forget (?:it|I asked)|(?<!I )(?<!we )(?<!to )(?<!n't )let it (?:go|be)|let(?:s|'s)? drop it|"
        r"leave it be|it doesn't matter)\b",
        re.IGNORECASE,
    ),
    kept_word=re.compile(
        r"\b(?:kept|keeps) (?:my|your|his|her|their) (?:word|promise)\b|\bas (?:I|you) promised\b", re.IGNORECASE
    ),
    broken_word=re.compile(
        r"\b(?:broke|broken) (?:my|your) (?:word|promise)\b|\byou (?:promised|swore)\b|"
        r"\byou said (?:that )?you(?:'d| would)\b|\byou gave (?:me |us )?your word\b",
        re.IGNORECASE,
    ),
    hard_moves=HARD_MOVES,
    act_verbs={
        **dict.fromkeys(("asks", "wants to know", "demands to know"), "ask"),
        **dict.fromkeys(("demands", "insists", "presses", "urges"), "press"),
        **dict.fromkeys(("accuses", "blames", "reproaches"), "accuse"),
        **dict.fromkeys(("admits", "confesses", "owns"), "confess"),
        **dict.fromkeys(("promises", "swears", "vows"), "promise"),
        **dict.fromkeys(("offers", "proposes", "begs", "invites", "pleads", "suggests"), "offer"),
        **dict.fromkeys(("refuses", "denies", "declines", "contradicts", "does not"), "refuse"),
        **dict.fromkeys(("teases", "mocks", "jokes"), "tease"),
        **dict.fromkeys(("comforts", "consoles", "thanks", "forgives"), "comfort"),
        **dict.fromkeys(("agrees", "yields", "gives in", "concedes", "grants", "accepts", "lets"), "yield"),
        **dict.fromkeys(("dodges", "avoids", "evades"), "dodge"),
        **dict.fromkeys(("lies", "pretends"), "lie"),
    },
)
