"""The meaning of the measures of a comparison, for a reader who does not know the program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dreamplay.comparison.deltas import Delta
from dreamplay.comparison.relations import Learned, Relation
from dreamplay.comparison.semantic_shift import SemanticShift
from dreamplay.comparison.stances import StanceDifference

MEASURES = {
    "contract.silent": "Share of turns in which no answer of the model passed the checks, so that nothing was said.",
    "faults.refusals": "Lines in which the model refuses to play.",
    "faults.model_talk": "Lines in which a character speaks of being a language model or an assistant.",
    "faults.wrong_speaker": "Lines in which a character speaks for another one.",
    "faults.unfinished": "Lines that break off.",
    "words.median": "Number of words in a line; half of the lines are longer.",
    "echo.copies": "Share of lines of which over 40% of the three-word sequences had been said or told before.",
    "conversation.recited": "The most words in a row that a line has in common with what the speaker was given to say; "
    "half of the lines have more.",
    "conversation.answered": "Share of the questions to which whoever was asked spoke up within two turns.",
    "conversation.moved": "Share of the scenes in which something changed: an answer, a promise, what somebody knows "
    "or thinks of another, a stance, an outcome, or who is there.",
    "voice.separation": "Share of lines that are nearer in meaning to their own speaker's other lines than to anybody "
    "else's; with four characters who all talk alike it would be 25%.",
    "voice.kept": "Voice separation in the second half of a run, divided by that in the first half: below 1, the "
    "characters drift from themselves.",
    "cues.followed": "Share of lines that are nearer in meaning to the topic the director gave for them than to any "
    "other topic of the scene.",
    "cost.calls": "Requests to the model in a run.",
    "cost.calls_a_line": "Requests to the model for each line.",
    "cost.prompt": "Tokens that the model was sent in a run.",
    "cost.cached": "Share of the tokens sent that the engine had kept from an earlier request.",
    "cost.evaluated": "Tokens that the engine had to read anew for a line, median.",
    "cost.output": "Tokens that the model wrote in a run.",
    "cost.seconds": "Time that the requests of a run took, added up.",
    "cost.seconds_a_line": "Time that the requests for a line took, median.",
    "cost.refused": "Answers that the program's checks rejected, for each turn.",
}
"""Every figure of the scorecard that a comparison shows, by where it stands in `score.Scores`."""


def glossary(
    stances: Sequence[StanceDifference],
    talk: Sequence[SemanticShift],
    relations: Sequence[Relation],
    learned: Sequence[Learned],
    scores: Sequence[Delta],
) -> dict[str, str]:
    """The meaning of each shown term."""
    return dict(_terms(stances, talk, relations, learned, scores))


def _terms(
    stances: Sequence[StanceDifference],
    talk: Sequence[SemanticShift],
    relations: Sequence[Relation],
    learned: Sequence[Learned],
    scores: Sequence[Delta],
) -> Iterator[tuple[str, str]]:
    yield (
        "seed",
        (
            "The number that fixes all chance in a run: who speaks next, which topics come up, and, where the "
            "engine can repeat them, the model's own draws."
        ),
    )
    yield (
        "event",
        (
            "A line, a whisper, a thought, an action, an entrance, an exit, a dream, a decision, or what the narrator "
            "tells. Runs diverge at the first event that differs by more than the name of whoever holds a role; its "
            "number is its place in the transcript, counted from 0."
        ),
    )
    if stances:
        yield "stance", "What a character decides at the crossroads."
    if any(each.taken for each in stances):
        yield "turned", "In how many pairs the character's stance differs between the two runs."
    if talk:
        yield (
            "distance",
            (
                "How different the lines of two runs are in meaning, from 0 (the same) to 1 (nothing in common): one "
                "less the cosine of sentence vectors, each line against the nearest line of the other run. The vectors "
                "register what a line is about more than how it is said."
            ),
        )
        yield "same seed", "Mean distance between the two runs of a pair."
        yield "other seed", "Mean distance between runs of one group with different seeds: the noise."
        yield "other group", "Mean distance between runs of different groups with different seeds."
        yield "beyond the noise", "'Other group' minus 'other seed': about 0 if the change has no effect."
    if relations:
        yield "regard", "What a character thinks of another, from -1 to 1, by their own last reflection after a scene."
    if learned:
        yield "hidden fear", "What nobody knows of a character until a shared dream shows it to the other dreamers."
    for each in scores:
        yield each.label, MEASURES[each.measure]
