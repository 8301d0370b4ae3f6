"""Every error the product raises on purpose, in one small tree.

A message says what was found, what was expected and what mends it; only `__main__`, the API and the
page print it.
"""


class InspectionSearchError(Exception):
    """The base of all expected failures."""


class CorpusError(InspectionSearchError):
    """Nothing can be indexed: there are no files, or none of them can be read."""


class UnreadableFileError(InspectionSearchError):
    """One file cannot be read; the rest of the corpus goes on."""


class IndexMissingError(InspectionSearchError):
    """No generation has been published in the folder."""


class IndexUnusableError(InspectionSearchError):
    """A generation is there, but is damaged, of another format, or built with another model."""


class ModelError(InspectionSearchError):
    """The encoder cannot be loaded, or its weights are not the expected ones."""


class UsageError(InspectionSearchError):
    """What was asked for cannot be done as it was asked: a path, a question, a filter is wrong."""


class BuildLockedError(InspectionSearchError):
    """Another build is at work in the same index folder."""


class ReadingStoppedError(InspectionSearchError):
    """Files cannot be read at all: the processes that read them cannot be started."""
