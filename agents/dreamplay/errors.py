"""The tree of errors.

    DreamplayError                exit code 1: the run failed
      ModelError                  a model gave up; the run so far is on disk
        EmbeddedModelError        the embedded model cannot be put together or started
      RecordError                 a run folder cannot be written or read
      EmbeddingError              the sentence vectors cannot be loaded
      LeakError                   a prompt contained a secret that its reader may not know
      PluginFailedError           a plug-in raised, or returned the wrong type, in the middle of a play
      OutputError                 stdout is full or closed
        ClosedPipeError           the reader of stdout has closed the pipe, as `head` does
      UsageError                  exit code 2: what was asked for cannot be played
        LibraryError              a persona, story or template is missing or wrong
          CardError               a character card cannot be read, or is none
          FaultsError             a file has faults, each of which is told
        SettingsError             a flag, environment variable or dreamplay.toml is wrong
        PluginError               a plug-in is unknown, cannot be imported, or is of the wrong type

Every message is one line that names the bad value, where it stands, and the next step. A `FaultsError` has several.
"""

from __future__ import annotations

from collections.abc import Sequence

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells report it."""


class DreamplayError(Exception):
    """The base of all errors that a user sees as one line."""

    exit_code = 1


class ModelError(DreamplayError):
    """A model gave no usable answer after all attempts. What was played is on disk."""


class EmbeddedModelError(ModelError):
    """The embedded model is missing, is damaged, or does not start."""


class RecordError(DreamplayError):
    """The folder of a run cannot be written or read."""


class EmbeddingError(DreamplayError):
    """The sentence vectors, which a package carries, are missing or damaged."""


class LeakError(DreamplayError):
    """A prompt contained a secret that its reader may not know. Raised by `dreamplay check --secrets`."""


class PluginFailedError(DreamplayError):
    """A plug-in failed while it was used. What was played before is on disk."""


class OutputError(DreamplayError):
    """Output cannot be written to stdout."""


class ClosedPipeError(OutputError):
    """The reader of stdout has closed the pipe. A command that plays nothing then ends silently, as other tools do."""

    exit_code = 141
    """The code that a shell reports for a program ended by SIGPIPE."""


class UsageError(DreamplayError):
    """What was asked for does not exist or does not fit."""

    exit_code = 2


class LibraryError(UsageError):
    """A persona, a story or a template is missing or invalid."""


class CardError(LibraryError):
    """A file is no character card, or the card is damaged or too large."""


class FaultsError(LibraryError):
    """A file has one fault or several.

    Args:
        message: all of them in one line.
        faults: a message for each.
    """

    def __init__(self, message: str, faults: Sequence[str]) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class SettingsError(UsageError):
    """A setting has a value that cannot be used."""


class PluginError(UsageError):
    """A plug-in is not installed, cannot be imported, or is not of the type that its group needs."""
