"""Runs as material for training: what a character perceived, and what the model said for them.

Each row is one character's own: there is nothing in it that they did not witness. What a person typed, what an author
wrote and what a check found fault with is told as context, and is never what is to be learnt.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dreamplay.errors import UsageError
from dreamplay.exports.datasheet import Datasheet
from dreamplay.exports.episode import Episode, Messages, Moment
from dreamplay.formats import Files, Format, Source
from dreamplay.models.prompt import Prompt
from dreamplay.runs import prompt_reader
from dreamplay.runs.viewpoint import AUTHOR, READER
from dreamplay.schema.provenance import RejectedCandidate
from dreamplay.validation import move_checks
from dreamplay.validation.generate import OUTDONE

SHEET = ".datasheet.md"
"""What the name of the datasheet ends with."""
_NOT_KEPT = "lines whose prompt the run did not keep, or not whole"
_AGAIN = "rows that stood there already, such as those of a branch and its parent"
_OF_THE_NOTE = "candidates that were refused for the director's note, which is told only with secrets"
_BY_NOTE = frozenset({"leaves_cue", *(check.name for check in move_checks.CHECKS)})
"""Checks that compare a line with the director's note."""
_SHAREGPT = {"system": "system", "user": "human", "assistant": "gpt"}
Row = dict[str, Any]


class Training(Format):
    """JSON lines to train a model with, and their datasheet."""

    suffix = ".jsonl"
    view = AUTHOR
    several = True
    own_secrets = True

    def write(self, source: Source) -> Files:
        """The rows, and the datasheet beside them.

        Raises:
            UsageError: there is nothing to learn from; the message says why.
        """
        sheet = Datasheet(source, type(self).__doc__ or "")
        lines: dict[str, None] = {}
        for at, log in enumerate(source.logs):
            eyes = source.viewpoint(log)
            kept = prompt_reader.every(source.places[at]) if source.secrets and source.places else {}
            for role in (eyes.name,) if eyes.roles else log.cast.characters:
                episode = Episode.of(log, role, eyes)
                sheet.skipped.update(episode.skipped)
                for row in self.rows(episode, _Prompts(episode, kept, sheet), sheet):
                    # What is said must not pass for the marks of a chat template, which some tokenizers obey.
                    line = json.dumps(row, ensure_ascii=False).replace("<|", "(").replace("|>", ")")
                    if line in lines:
                        sheet.skipped[_AGAIN] += 1
                        continue
                    lines[line] = None
                    sheet.rows[log.name, role] += 1
        if not lines:
            why = "; ".join(f"{count} {what}" for what, count in sheet.skipped.items()) or "nobody says anything"
            raise UsageError(f"nothing to learn from: {why}")
        return Files("".join(f"{line}\n" for line in lines), {SHEET: str(sheet)})

    @abstractmethod
    def rows(self, episode: Episode, prompts: _Prompts, sheet: Datasheet) -> Iterable[Row]:
        """The rows of one character in one run. What is left out is counted in the datasheet."""


class _Prompts:
    """The prompts of an episode: with secrets the very ones that the model answered, which hold the character's private
    sheet and notes; without, what they had perceived."""

    def __init__(self, episode: Episode, kept: Mapping[str, Prompt], sheet: Datasheet) -> None:
        self._episode, self._kept, self._sheet = episode, kept, sheet

    def before(self, moment: Moment) -> Messages | None:
        """The prompt of a line; None, and counted, if it is to be the very one and was not kept."""
        if not self._sheet.source.secrets:
            return self._episode.prompt(moment)
        found = self._kept.get(moment.event.provenance.prompt or "")
        if found is None:
            self._sheet.skipped[_NOT_KEPT] += 1
            return None
        return found.messages(prefill=False)


class Prompts(Training):
    """A character's lines to train with, each as prompt and completion (TRL), and a datasheet."""

    view = ""

    def rows(self, episode: Episode, prompts: _Prompts, sheet: Datasheet) -> Iterator[Row]:
        """One for each line."""
        for moment in episode.moments:
            if prompt := prompts.before(moment):
                yield {"prompt": prompt, "completion": _said(moment.reply)}


class Conversations(Training):
    """Whole runs to train with, as chat messages of one character each (OpenAI, TRL), and a datasheet."""

    def rows(self, episode: Episode, prompts: _Prompts, sheet: Datasheet) -> Iterator[Row]:
        """One for the whole run, if they said anything."""
        if episode.moments:
            yield {"messages": episode.chat(secrets=sheet.source.secrets)}


class ShareGpt(Conversations):
    """Whole runs to train with, as ShareGPT conversations of one character each, and a datasheet."""

    def rows(self, episode: Episode, prompts: _Prompts, sheet: Datasheet) -> Iterator[Row]:
        """The same, with other names."""
        for row in super().rows(episode, prompts, sheet):
            yield {
                "conversations": [
                    {"from": _SHAREGPT[each["role"]], "value": each["content"]} for each in row["messages"]
                ]
            }


class Preferences(Training):
    """Pairs to train with: a line that was said, and a candidate that was refused (DPO, TRL), and a datasheet."""

    def write(self, source: Source) -> Files:
        """See `Training.write`.

        Raises:
            UsageError: there are no pairs, or the view is the reader's.
        """
        if source.view == READER:
            raise UsageError("readers do not see what was refused; choose the author's view or a role's")
        return super().write(source)

    def rows(self, episode: Episode, prompts: _Prompts, sheet: Datasheet) -> Iterator[Row]:
        """One for each candidate that was refused before a line that stands. Thoughts are in neither."""
        for moment in episode.moments:
            refused = moment.event.provenance.refused
            if not refused:
                sheet.skipped["lines before which nothing was refused"] += 1
            elif prompt := prompts.before(moment):
                for each in refused:
                    # A check refuses the words alone; what stands beside them is then not compared.
                    chosen = moment.event.text if each.check else moment.turn.perceived
                    rejected = _bare(each, episode)
                    if not rejected or rejected == chosen:
                        sheet.skipped["refused candidates without words, or with those of the line itself"] += 1
                    elif not sheet.source.secrets and _by_note(each, moment):
                        sheet.skipped[_OF_THE_NOTE] += 1
                    else:
                        sheet.faults[each.check or each.kind] += 1
                        yield {"prompt": prompt, "chosen": _said(chosen), "rejected": _said(rejected)}


def _by_note(refused: RejectedCandidate, moment: Moment) -> bool:
    """Whether a candidate was compared with what the director had told the speaker to say."""
    cue = moment.event.cue
    return bool(cue and cue.text) and (refused.check in _BY_NOTE or refused.reason == OUTDONE)


def _bare(refused: RejectedCandidate, episode: Episode) -> str:
    """A refused candidate without the speaker's name in front, which an engine was given to continue."""
    return refused.text.removeprefix(f"{episode.name}:").strip()


def _said(text: str) -> Messages:
    return [{"role": "assistant", "content": text}]
