from __future__ import annotations

from typing import Any

import worlds
from dreamplay.comparison import persona_changes
from dreamplay.comparison.persona_changes import Edit
from dreamplay.runs.transcript import RunLog


def _edited(**change: Any) -> RunLog:
    run = worlds.record()
    persona = run.header.cast["ada"].model_copy(update=change)
    return RunLog(run.header.model_copy(update={"cast": run.header.cast | {"ada": persona}}), run.script, run.end)


def test_a_persona_that_is_edited_shows_what_differs_and_nothing_else() -> None:
    base = worlds.record()
    private = base.header.cast["ada"].private
    assert private
    changed = _edited(
        voice="Loud. " + "Very loud. " * 40, talkativeness=0.9, tactics=("calmly", "with a shout"),
        private=private.model_copy(update={"wish": "{bo} would laugh."}),
    )  # fmt: skip
    (swap,) = persona_changes.swaps(base, changed)
    assert swap.edited
    assert swap.fields == "voice, talkativeness, tactics, private wish"
    voice, talkativeness, tactics, wish = swap.edits
    assert voice.base == "Short and plain."
    assert len(voice.changed) <= 161
    assert voice.changed.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert talkativeness == Edit(field="talkativeness", base="0.5", changed="0.9")
    assert tactics == Edit(field="tactics", base="with a frown", changed="with a shout")
    assert wish == Edit(field="private wish", base="CANARY-Ada-wish.", changed="Bo would laugh.")


def test_of_an_arc_what_differs_is_told_by_beat() -> None:
    private = worlds.record().cast.personas["ada"].private
    assert private
    base, changed = (
        _edited(private=private.model_copy(update={"arc": {"day": "{bo} is late.", "night": text}}))
        for text in ("She waits for {bo}.", "She sleeps.")
    )
    (swap,) = persona_changes.swaps(base, changed)
    assert swap.edits == (Edit(field="private arc", base="night: She waits for Bo.", changed="night: She sleeps."),)


def test_a_private_sheet_that_only_one_has_differs_in_every_field() -> None:
    (swap,) = persona_changes.swaps(worlds.record(), _edited(private=None))
    assert swap.fields == "private want, private belief, private fear, private wish, private memories"
    assert {edit.changed for edit in swap.edits} == {""}
    assert swap.changed_fear == ""


def test_somebody_else_is_no_edit_and_the_same_cast_has_neither() -> None:
    assert persona_changes.swaps(worlds.record(), worlds.record()) == ()
    (swap,) = persona_changes.swaps(worlds.record(), _edited(name="Zoe", who="friend of {bo}"))
    assert not swap.edited
    assert (swap.base, swap.changed) == ("Ada, keeper of the kettle", "Zoe, friend of Bo")
    assert swap.edits[0] == Edit(field="name", base="Ada", changed="Zoe")
    (called,) = persona_changes.swaps(worlds.record(), _edited(name="Zoe"))
    assert (called.edited, called.fields) == (True, "name")
