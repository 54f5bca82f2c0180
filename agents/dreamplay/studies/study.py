"""The file of a study: what is compared, how often it is played, and what is asked of the plays. Frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, field_validator, model_validator

from dreamplay.errors import DreamplayError, UsageError
from dreamplay.library import yaml_document, yaml_loader
from dreamplay.schema.address import Address
from dreamplay.schema.authored import Authored
from dreamplay.schema.base import FrozenModel, Id, MisplacedError, Role, Text
from dreamplay.schema.direction import Direction
from dreamplay.schema.story import Length
from dreamplay.settings import Line

PLAIN: Final = "plain"
"""The phrasing of a condition that names none."""
MOST_SEEDS = 10_000
_TOO_FEW = "from fewer than two seeds nothing can be concluded; ask for at least 2"
_NAMED = re.compile(r"`(\w+)(?:=([^`]*))?`")
_OWN = re.compile(r"^`\w+(?:=([^`]*))?`: ")
"""With what an error begins: the setting that is wrong."""
_RANGE = re.compile(r"(\d{1,10})\s*-\s*(\d{1,10})")


def _several(value: object) -> object:
    """One, or a list of them."""
    return [value] if isinstance(value, str) else value


Lines = Annotated[tuple[Line, ...], BeforeValidator(_several)]
Ids = Annotated[tuple[Id, ...], BeforeValidator(_several)]
Roles = Annotated[tuple[Role, ...], BeforeValidator(_several)]
Said = Annotated[dict[Role, Text], Field(min_length=1, max_length=1)]
"""A line that somebody says: a role, and the words behind the colon."""


class Phrasing(FrozenModel):
    """One wording of what a condition changes. What it names takes the place of what the condition says."""

    swaps: dict[Role, Line] = Field(default_factory=dict)
    """Role to persona: a shipped one by name, a file or character card (looked for beside the study and then in the
    current folder), or another role."""
    say: tuple[Said, ...] = ()
    """Lines that are spoken where the condition begins, each a role and its words: `- elara: I am leaving.`"""
    story_edit: Line | None = None
    """The file of the story that is played, or, with `at`, that is played from that point on."""


class Condition(Phrasing):
    """What is different from the story. Without any key, the story is played as it is written."""

    drop: Roles = ()
    """Roles that are absent; with `at`, that leave at that point."""
    at: Id | None = None
    """The beat or scene at which the change begins. Before it, the play is that of the baseline with the same seed. If
    not set: from the start."""
    model: Line | None = None
    """A model other than that of the study."""
    direction: Direction | None = None
    """A direction other than that of the study."""
    phrasings: dict[Id, Phrasing] = Field(default_factory=dict)
    """Wordings of the same change, by name. Each of them is played with each seed."""

    def worded(self) -> dict[str, Condition]:
        """The condition in each of its phrasings, by their names."""
        own = self.model_copy(update={"phrasings": {}})
        return {name: own._with(each) for name, each in self.phrasings.items()} or {PLAIN: own}

    def _with(self, phrasing: Phrasing) -> Condition:
        return self.model_copy(update={
            "swaps": {**self.swaps, **phrasing.swaps},
            "say": phrasing.say or self.say,
            "story_edit": phrasing.story_edit or self.story_edit,
        })  # fmt: skip


class Prices(FrozenModel):
    """What a million tokens cost."""

    prompt: float = Field(ge=0.0)
    """A million tokens of prompts."""
    output: float = Field(ge=0.0)
    """A million tokens of answers."""
    currency: str = Field(default="", max_length=12)
    """The currency, for the reader."""


class Limits(FrozenModel):
    """What all plays together may ask of each address in a minute."""

    requests_per_minute: float | None = Field(default=None, gt=0.0)
    """Calls."""
    tokens_per_minute: float | None = Field(default=None, gt=0.0)
    """Tokens, of prompts and answers."""


class Study(Authored):
    """A study: conditions, each played in each of its phrasings with each seed."""

    title: Text
    """What is asked, for the reader."""
    story: Line
    """A shipped story by name, or a YAML file, which is looked for beside the study and then in the current folder."""
    length: Length = "full"
    """How many turns a scene gets: the least or the most that its story allows."""
    beats: Ids = ()
    """Play only these beats; all if empty."""
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] = Field(min_length=2, max_length=MOST_SEEDS)
    """The seeds of the dice: how many, which count from 1; a range, 1-40; or a list. Every phrasing of every condition
    is played with each of them, so that plays can be paired."""
    model: Line | None = None
    """As in a play: its name at an endpoint, a .gguf file, `embedded` or `scripted`. If not set: what the settings
    say."""
    base_url: Lines = ()
    """One or several addresses that have the model; plays are shared among them. No key is sent to an address from a
    study, unless `--base-url` names it, too."""
    adapter: Line | None = None
    """What a local model plays with. This and the keys down to `embedder` are settings of a play, see
    docs/configuration.md; what is not set here is taken from the settings."""
    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    """Sampling temperature."""
    candidates: int | None = Field(default=None, ge=1, le=8)
    """Candidates for a line in one call, of which the best is kept."""
    direction: Direction | None = None
    """How closely a character is directed."""
    think: bool | None = None
    """Whether characters think before they speak."""
    reflect: bool | None = None
    """Whether everybody reflects at the end of a scene."""
    window: int | None = Field(default=None, ge=2048, le=1_000_000)
    """The context window of the model, in tokens."""
    no_check: Lines = ()
    """Names of checks that do not run."""
    memory: Line | None = None
    """The memory plug-in, by name."""
    director: Line | None = None
    """The director plug-in, by name."""
    embedder: Line | None = None
    """The embedder plug-in, by name."""
    conditions: dict[Id, Condition] = Field(min_length=2)
    """What is compared, by name."""
    baseline: Id
    """The condition that the others are compared with."""
    placebo: Id | None = None
    """A condition that should make no difference, such as a sheet in other words with the same meaning. If it does,
    the report says that nothing can be concluded."""
    measures: Lines = ()
    """What is asked of every play, named before it is played: `stance.leo=stay`; see docs/statistics.md."""
    control: Lines = ()
    """Measures of what the change cannot touch, though something else could, written like `measures`: what is said
    before the changed person comes in. What comes before the point of every condition is refused: it is the same
    play."""
    prices: Prices | None = None
    """What tokens cost, for the estimate."""
    limits: Limits = Limits()
    """How much may be asked of an address."""

    @field_validator("seeds", mode="before")
    @classmethod
    def _counted(cls, value: Any) -> Any:
        """A number of seeds, or a range of them, as a list."""
        if isinstance(value, list) and len(value) == 1:
            raise ValueError(_TOO_FEW)
        if not isinstance(value, str | int) or isinstance(value, bool):
            return value
        text = str(value).strip()
        if hit := _RANGE.fullmatch(text):
            first, last = int(hit[1]), int(hit[2])
        elif text.isdecimal() and len(text) <= 10:
            first, last = 1, int(text)
        else:
            raise ValueError("write how many seeds, which, or a range of them: 40, [3, 5, 8] or 1-40")
        if last - first >= MOST_SEEDS:
            raise ValueError(f"at most {MOST_SEEDS:,} seeds")
        if last < first and hit:
            raise ValueError("a range goes up; write the smaller seed first")
        if last <= first:
            raise ValueError(_TOO_FEW)
        return list(range(first, last + 1))

    @model_validator(mode="after")
    def _whole(self) -> Study:
        known = ", ".join(self.conditions)
        for key, name in (("baseline", self.baseline), ("placebo", self.placebo)):
            if name is not None and name not in self.conditions:
                raise MisplacedError(f"no condition {name!r}; there are {known}", key)
        if self.placebo == self.baseline:
            raise MisplacedError("the baseline cannot be its own placebo; name another condition", "placebo")
        for number, text in enumerate(self.base_url):
            self._check_address(text, *(() if len(self.base_url) == 1 else (number,)))
        if len(set(self.seeds)) < len(self.seeds):
            raise MisplacedError("a seed is listed twice; the same play would be counted twice", "seeds")
        for name, condition in self.conditions.items():
            if condition.at and name == self.baseline:
                wrong = "the baseline is played from its start, and the others branch off it; leave out this key"
                raise MisplacedError(wrong, "conditions", name, "at")
            said: dict[tuple[str, ...], tuple[Said, ...]] = {("say",): condition.say}
            said |= {("phrasings", each, "say"): found.say for each, found in condition.phrasings.items()}
            for place, lines in said.items():
                if lines and not condition.at:
                    wrong = "a line is said at a point of the play; name its beat or scene with the key at"
                    raise MisplacedError(wrong, "conditions", name, *place)
        return self

    @staticmethod
    def _check_address(text: str, *number: int) -> None:
        """See that a model can be asked at an address, which may be shown to whoever gets the file.

        Raises:
            MisplacedError: it is no address, or there is a password or a key in it.
        """
        try:
            address = Address.parse(text)
        except ValueError as error:
            raise MisplacedError(str(error), "base_url", *number) from None
        if address.hides:
            wrong = (
                f"the address {address} has more to it, which may be a password or a key, and a study is there to be "
                "shared; remove it, and name the whole address with `base_url`"
            )
            raise MisplacedError(wrong, "base_url", *number)

    @property
    def name(self) -> str:
        """What the study is called in names of folders: its file without the suffix."""
        return self.path.stem if self.path else "study"

    @property
    def beside(self) -> Path:
        """The folder in which the files that it names are looked for first."""
        return self.path.parent if self.path else Path()

    @property
    def worded(self) -> Mapping[tuple[str, str], Condition]:
        """Every condition in every phrasing, by the names of both, the baseline first."""
        order = [self.baseline, *(name for name in self.conditions if name != self.baseline)]
        return {(name, phrasing): found for name in order for phrasing, found in self.conditions[name].worded().items()}

    def place(self, *keys: str) -> str:
        """A key for a message, with the file and line in which it stands, if the study was read from a file."""
        shown = ".".join(keys)
        return f"{self.path}:{yaml_document.read(self.path).line_of(keys)}: {shown}" if self.path else shown

    def wrong(self, error: DreamplayError, *keys: str) -> UsageError:
        """What is wrong with a key, and where it stands. Settings, which a command line has as flags, are called as
        the file has them."""

        def written(hit: re.Match[str]) -> str:
            name, value = hit.groups()
            known = name in Study.model_fields or name in Condition.model_fields
            return hit[0] if not known else name if value is None else f"{name}: {value}"

        text = _OWN.sub(lambda hit: f"{hit[1]}: " if hit[1] else "", str(error))
        return UsageError(f"{self.place(*keys)}: {_NAMED.sub(written, text)}")


def read(path: Path) -> Study:
    """Read the file of a study.

    Raises:
        LibraryError: it cannot be read or is not valid; the message names file, line and key.
    """
    return yaml_loader.read(path, Study)
