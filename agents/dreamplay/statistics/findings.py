"""What a study has found, in sentences: controls first, and no change if one of them has moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dreamplay.statistics.family import Family, Tested
from dreamplay.statistics.outlook import Outlook
from dreamplay.statistics.permutation import LEVEL, shown
from dreamplay.statistics.phrasings import Difference


def findings(family: Family, outlooks: Sequence[Outlook | None], open_runs: int) -> tuple[str, ...]:
    """The sentences.

    Args:
        family: all tests.
        outlooks: what can be told by each of `family.tests`.
        open_runs: runs that are not played to their end.
    """
    return tuple(_findings(family, outlooks, open_runs))


def sentence(tested: Tested) -> str:
    """What came of one test, whatever the controls say."""
    found = tested.difference
    if found.why or found.difference is None:
        return f"{found.measure} in {found.changed}: not tested, since {found.why}."
    moved = f"{found.measure} in {found.changed}: {amount(found, found.base_mean)} to "
    moved += f"{amount(found, found.changed_mean)}, {gap(found)}"
    return f"{moved}, p = {shown(found.p)}, adjusted {shown(tested.adjusted)}."


def amount(found: Difference, value: float | None) -> str:
    """A mean as text; of a yes or no as a share."""
    if value is None:
        return "-"
    return f"{value * 100:.3g}%" if found.yes_no else f"{value:.4g}"


def gap(found: Difference) -> str:
    """The difference as text, with its interval; of shares in percentage points."""
    if found.difference is None:
        return "-"
    ends = [_signed(found, end) for end in (found.low, found.high) if end is not None]
    return f"{_signed(found, found.difference)}{' points' * found.yes_no}{_within(ends)}"


def size(found: Difference, value: float) -> str:
    """The size of a change as text, without its sign."""
    return f"{abs(value) * 100:.0f} points" if found.yes_no else f"{abs(value):.3g}"


def detectable(found: Difference, ahead: Outlook) -> str | None:
    """The smallest change that can be told; of a yes or no, from the share that the baseline had to another one, since
    from another share it is another. None if there is none."""
    if ahead.detectable is None:
        return None
    if ahead.share is None:
        return size(found, ahead.detectable)
    return f"from {ahead.share:.0%} to {ahead.share + ahead.detectable:.0%}"


def _findings(family: Family, outlooks: Sequence[Outlook | None], open_runs: int) -> Iterator[str]:
    yield from _controls(family)
    if open_runs:
        yield (
            f"{open_runs:,} runs are not played to their end. These are no results yet: whoever looks before the end, "
            "and stops when p is small, finds changes where there are none."
        )
    for condition in dict.fromkeys(each.difference.changed for each in family.tests):
        own = [(each, ahead) for each, ahead in zip(family.tests, outlooks, strict=True)
               if each.difference.changed == condition]  # fmt: skip
        yield from _condition(condition, own, concluded=not family.moved)


def _controls(family: Family) -> Iterator[str]:
    if not family.controls:
        yield (
            "There is neither a placebo nor a control: nothing here shows whether something else than the change is at "
            "work."
        )
        return
    if family.moved:
        told = "; ".join(sentence(each).rstrip(".") for each in family.moved)
        yield (
            f"Nothing can be concluded. What cannot have changed has moved: {told}. Something else than the change is "
            "at work, such as the wording, so that no difference is put down to the change."
        )
        return
    differing = [each for each in family.controls if not each.difference.same]
    if not differing:
        yield (
            "Placebo and controls are the same with every seed, whatever was changed, so that they show nothing: look "
            "at something that comes after the change begins, and that it cannot touch."
        )
        return
    able = [each for each in differing if each.difference.least * len(family.controls) <= LEVEL]
    least = min(family.controls, key=lambda each: each.adjusted)
    number = len(family.controls)
    if not able:
        yield (
            f"Placebo and controls cannot raise an alarm: so few phrasings or seeds reach no adjusted p of {LEVEL} in "
            f"{number} test{'s' * (number > 1)}. That they did not move says nothing."
        )
        return
    yield (
        f"Placebo and controls did not move ({number} test{'s' * (number > 1)}, smallest adjusted p = "
        f"{shown(least.adjusted)}).{_same(family.controls)}"
    )


def _condition(condition: str, own: Sequence[tuple[Tested, Outlook | None]], *, concluded: bool) -> Iterator[str]:
    tests = len(own)
    found = [each for each, _ in own if each.small]
    if concluded and found:
        yield f"{condition}: changed. {' '.join(map(_found, found))}"
    elif found:
        yield f"{condition}: differs from the baseline in {_names(found)}, from which nothing is concluded."
    untested = [each.difference for each, _ in own if each.difference.why]
    rest = [(each, ahead) for each, ahead in own if not each.small and not each.difference.why]
    if rest:
        told = " ".join(_not_found(each, ahead) for each, ahead in rest)
        some = " other" if found else ""
        yield f"{condition}: no{some} change was found in {_names([each for each, _ in rest])}. {told}".rstrip()
    if untested:
        told = " ".join(f"{found.measure} was not tested, since {found.why}." for found in untested)
        yield f"{condition}: {told}"
    merged = max((each.difference.merged for each, _ in own), default=0)
    single = bool(tests) and all(each.difference.unit == "seeds" for each, _ in own)
    if single and merged:
        yield (
            f"{condition} was compared in pairs of seeds: its {merged + 1} phrasings branch off the same wording of "
            "the baseline and count as one. What is said holds for these wordings only."
        )
    elif single:
        yield f"{condition} was compared in a single wording: what is said holds for it only."
    elif merged:
        yield f"{condition}: phrasings that branch off the same wording of the baseline count as one."


def _found(each: Tested) -> str:
    found = each.difference
    verb = "rose" if (found.difference or 0) > 0 else "fell"
    return (
        f"{found.measure} {verb} from {amount(found, found.base_mean)} to {amount(found, found.changed_mean)} "
        f"({gap(found)}, adjusted p = {shown(each.adjusted)})."
    )


def _not_found(each: Tested, ahead: Outlook | None) -> str:
    """What could have been told, and what it would take."""
    found = each.difference
    if ahead is None:
        return f"{found.measure} does not vary."
    can = detectable(found, ahead)
    said = (
        f"{found.measure}: the study is too small to find any change of it reliably, which is four times in five"
        if can is None else
        f"{found.measure}: a change {'' if found.yes_no else 'of '}{can} would be found four times in five"
    )  # fmt: skip
    if ahead.detectable is not None and abs(ahead.seen) >= abs(ahead.detectable):
        return f"{said}."
    more = ((ahead.phrasings, "phrasings of both"), (ahead.seeds, "seeds each"))
    ways = [f"{number} more {word}" for number, word in more if number]
    if not ways:
        return f"{said}."
    return f"{said}; for one of the size that was seen ({size(found, ahead.seen)}) it would take {', or '.join(ways)}."


def _names(tests: Sequence[Tested]) -> str:
    return ", ".join(each.difference.measure for each in tests)


def _signed(found: Difference, value: float) -> str:
    return f"{value * 100:+.3g}" if found.yes_no else f"{value:+.3g}"


def _within(ends: Sequence[str]) -> str:
    return f" [{', '.join(ends)}]" if ends else ""


def _same(controls: Sequence[Tested]) -> str:
    names = dict.fromkeys(each.difference.measure for each in controls if each.difference.same)
    if not names:
        return ""
    told = f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} the same with every seed"
    return f" {told}, whatever was changed, and so shows nothing." if len(names) == 1 else f" {told}, and show nothing."
