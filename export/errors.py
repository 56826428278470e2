"""What can go wrong while models are built, below `tracker_service.errors.ExportError`.

ExportError
├── MissingFileError          a source file is not where it is looked for
├── UnreadableFileError       a source file is truncated, or is not what its name says (an HTML page, say)
├── UnsafePickleError         a pickle asks for a class or function that is not on the list
├── MissingTensorError        a checkpoint lacks a tensor that the model needs
├── UnexpectedTensorError     a checkpoint holds a tensor that nobody has accounted for
├── TensorShapeError          a tensor has another shape or kind than the model needs
├── UnknownFamilyError        a checkpoint holds no network that is known here
├── UnsupportedFamilyError    a checkpoint holds a network that is known but cannot be exported
├── DownloadError             a file cannot be fetched, or what came is not the file
└── ParityError               an exported graph is too far from the PyTorch model
"""

from tracker_service.errors import ExportError


class MissingFileError(ExportError):
    """A source file is not where it is looked for."""


class UnreadableFileError(ExportError):
    """A source file is truncated, or is not what its name says."""


class UnsafePickleError(ExportError):
    """A pickle asks for a class or function that is not on the list of harmless ones."""


class MissingTensorError(ExportError):
    """A checkpoint lacks a tensor that the model needs."""


class UnexpectedTensorError(ExportError):
    """A checkpoint holds a tensor that is neither needed nor known to be superfluous."""


class TensorShapeError(ExportError):
    """A tensor has another shape or kind than the model needs."""


class UnknownFamilyError(ExportError):
    """A checkpoint holds no network that is known here."""


class UnsupportedFamilyError(ExportError):
    """A checkpoint holds a network that is known but cannot be exported; the message says what is missing."""


class DownloadError(ExportError):
    """A file cannot be fetched, or what came is not the file."""


class ParityError(ExportError):
    """An exported graph is too far from the PyTorch model."""
