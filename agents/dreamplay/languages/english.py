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
REPORTS = r"I(?:'ll| will|'ve| have)? (?:told|tell)"
"""The beginning of a line that repeats the form of its cue."""
MEMORY_FORM = re.compile(r"^I remember, from long ago(:|,) (?=\w)")
"""The form in which a prompt quotes a memory."""

ENGLISH = Language(
    code="en",
    function_words=_words("""
a all am an and are as at be but by can do for he her him his i if in is it its me my no nobody not of on one or our
she so somebody that the their them then there they this to us was we what who with yes you your
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
    negation=re.compile(r"\b(no|not|never|nobody|nothing|cannot|than|instead|against|\w+n\Wt)\b", re.IGNORECASE),
    explains_dream=re.compile(r"\b(fears?|afraid|wish(es)?|hidden|dreams? (is|that|shows))\b", re.IGNORECASE),
    assistant_manners=re.compile(
        r"\b(it's important (to|that)|I (need|want) to make sure|for the opportunity|I apologi[sz]e|"
        r"you're (absolutely )?right|that's a (good|great) (idea|question)|(could|can) you tell me (more )?about)\b",
        re.IGNORECASE,
    ),
    half_turned=re.compile(
        r"\bI (?!always\b|perhaps\b|sometimes\b|was\b|as\b)\w+[^s\W]s\b|, and tells? \w+ that\b|^I'm sorry\b|"
        r"\b[Yy]ou told me that\b"
    ),
    half_turned_after=(re.compile(r"\bI\b"), re.compile(r" (he|she) \w+s\b")),
    slips=english_refusals.SLIPS,
    asked_matter=re.compile(
        r"^(?:\w+ ){0,2}?(?:asks|(?:wants|demands) to know)\b(?: \S+){0,4}?,? "
        r"(?P<word>why|what|who|whose|how|where|when|which)\b"
    ),
    own_matter=(
        (r"(?:his|her|{name}['\u2019]s) ", "My"),
        (r"(?:he|she|{name})(?=[ ,'\u2019])", "I"),
    ),
)
