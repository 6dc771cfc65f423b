"""Every error a user can meet; each says what was found, where, and what to do about it."""

from __future__ import annotations


class OmnisearchError(Exception):
    """The base of all errors of omnisearch; `status` is what an HTTP server answers with."""

    status = 500


class InputError(OmnisearchError, ValueError):
    """Ids, vectors or metadata that cannot be stored; nothing of the call was stored."""

    status = 400


class QueryError(OmnisearchError, ValueError):
    """A question that cannot be answered as it was asked."""

    status = 400


class CollectionNotFoundError(OmnisearchError):
    """The path holds no collection."""

    status = 404


class CollectionLockedError(OmnisearchError):
    """Another process is writing to the collection."""

    status = 409


class SpaceMismatchError(OmnisearchError):
    """Vectors of another space or settings other than those of the collection."""

    status = 409


class ReadOnlyError(OmnisearchError):
    """A write through a handle, or to a place, that only allows reading."""

    status = 409


class StorageError(OmnisearchError):
    """The disk refused: full, failing or unsupported; what was acknowledged is still there."""

    status = 507


class CorruptCollectionError(OmnisearchError):
    """A file of the collection is not what was written."""


class UnsupportedFormatError(OmnisearchError):
    """The collection was written by a newer omnisearch."""


class MediaError(OmnisearchError, ValueError):
    """A picture, sound, film or page that cannot be read, or is larger than what is allowed."""

    status = 415


class UnsupportedTypeError(MediaError):
    """A file of a kind that is not read: it is left out, which is no failure."""


class MissingReaderError(UnsupportedTypeError):
    """A file of a kind that is read with an extra only; the message has the command."""


class EmptyError(MediaError):
    """A file of words without any: there is nothing to find in it."""


class PartError(OmnisearchError, ValueError):
    """A part that the encoder cannot take; `place` is its number in the call, from 0."""

    status = 400

    def __init__(self, message: str, place: int | None = None) -> None:
        super().__init__(message)
        self.place = place


class EncoderNotFoundError(OmnisearchError):
    """No encoder has that name, and no folder of it is there."""

    status = 404


class EncoderFilesError(OmnisearchError):
    """A file of an encoder is missing, changed or of another version."""


class MissingExtraError(OmnisearchError, ImportError):
    """Something that is installed only on demand; the message has the command."""

    status = 501


class EncodingError(OmnisearchError):
    """A model gave numbers that are no vector: not finite, all zeros, or of another dimension."""


class RerankerError(OmnisearchError):
    """A reranker gave what are no scores, or refused the question."""


class EncoderServerError(OmnisearchError):
    """A server of embeddings refused, did not answer, or answered nonsense; `code` is what it gave.

    The code is 0 where no answer came.
    """

    status = 502

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class AnswerServerError(OmnisearchError):
    """A server of answers refused, broke off or answered nonsense; `code` is what it gave, or 0."""

    status = 502

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class DimensionError(OmnisearchError, ValueError):
    """A length of vectors that the encoder was neither trained nor measured for."""

    status = 400


class DecoderError(MediaError):
    """The process that decoded a file crashed, took too long or too much memory, or told lies."""


class PoolError(OmnisearchError):
    """No process that decodes files can be started here, so that no file can be read."""
