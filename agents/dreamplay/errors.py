"""The tree of errors.

    DreamplayError                exit code 1: the run failed
      ModelError                  a model gave up; the run so far is on disk
        EmbeddedModelError        the embedded model cannot be put together or started
      RecordError                 a run folder cannot be written or read
      EmbeddingError              the sentence vectors cannot be loaded
      LeakError                   a secret stood in the prompt of somebody who is not to know it
      PluginFailedError           a plug-in raised, or returned the wrong type, in the middle of a play
      OutputError                 stdout is full or closed
        ClosedPipeError           whoever read stdout has stopped, as `head` does
      UsageError                  exit code 2: what was asked for cannot be played
        LibraryError              a persona, story or template is missing or wrong
          CardError               a character card cannot be read, or is none
        SettingsError             a flag, environment variable or dreamplay.toml is wrong
        PluginError               a plug-in is unknown, cannot be imported, or is of the wrong type

Every message is one line that names the bad value, where it stands, and the next step.
"""


class DreamplayError(Exception):
    """Something a user should read as one line, not as a traceback."""

    exit_code = 1


class ModelError(DreamplayError):
    """A model could not answer, after every try that was worth making."""


class EmbeddedModelError(ModelError):
    """The embedded model is missing, damaged, or does not start."""


class RecordError(DreamplayError):
    """A transcript cannot be written or read."""


class EmbeddingError(DreamplayError):
    """The sentence vectors, which come inside a package, are missing or damaged."""


class LeakError(DreamplayError):
    """A secret stood in a prompt where it may not; `dreamplay check --secrets` found it."""


class PluginFailedError(DreamplayError):
    """A plug-in failed while it was used. What was played before is on disk."""


class OutputError(DreamplayError):
    """What was asked for cannot be written to stdout."""


class ClosedPipeError(OutputError):
    """Nobody reads stdout any more. A command that plays nothing ends without a word, as other tools do."""

    exit_code = 141
    """As a shell shows it of a program that the closed pipe ended."""


class UsageError(DreamplayError):
    """The command asks for something that does not exist or does not fit."""

    exit_code = 2


class LibraryError(UsageError):
    """A persona, a story or a template is missing, or says something it may not say."""


class CardError(LibraryError):
    """A character card is damaged, too large, or no card at all."""


class SettingsError(UsageError):
    """A setting has a value that cannot be used."""


class PluginError(UsageError):
    """A plug-in that was asked for is not installed, cannot be imported, or is not what its group needs."""
