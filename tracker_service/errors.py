"""Every error this project raises on purpose, as one tree.

    PhalpTritonError
    ├── SettingsError              an option or setting has a value that cannot be used
    │   ├── DeviceError            the device that was asked for does not run the models
    │   └── FocalLengthError       a model needs the focal length of the camera, and nothing tells it
    ├── ContractError              arrays do not have the shape, type or values a room expects
    ├── VideoError                 the source cannot be turned into frames
    │   ├── VideoNotFoundError     no such file or folder
    │   ├── VideoFormatError       not a video, no video stream, unknown codec, nothing decodable
    │   └── VideoRangeError        the asked --start/--end selects no frame
    ├── InferenceError             a model did not answer
    │   ├── ModelNotFoundError     the model (or its file) does not exist where it is looked for
    │   ├── ModelContractError     the model's tensors are not those of the design, or the given tensors do not fit
    │   ├── InferenceFailedError   the model was run and failed
    │   └── InferenceUnavailableError     the server cannot answer now; the same call may succeed later
    │       ├── InferenceOverloadedError  its queue is full
    │       ├── InferenceTimeoutError     no answer within the deadline
    │       └── ModelResultsError         its results are too far from those of the model's export
    ├── TrackerClosedError         a tracker is used after it was closed
    ├── TrackerStateError          a saved tracker state cannot be restored
    ├── ResultsError               results cannot be written or read
    │   ├── DamagedResultsError    files are not what was written
    │   └── DiskFullError          there is no room for them
    ├── StorageError               a file cannot be had from where it lies, or cannot be put there
    │   └── StorageUnavailableError    the storage cannot answer now; the same call may succeed later
    ├── BulkError                  the workers of a bulk run cannot work
    ├── ImageError                 a sent image cannot be used
    │   ├── ImageFormatError       not JPEG or PNG, or damaged
    │   │   └── UnsupportedImageError     an image of another format
    │   └── ImageTooLargeError     more pixels than allowed
    ├── MediaPathError             a path that a client named is unusable, or there is no file
    │   └── MediaForbiddenError    it is outside the folders that may be read
    ├── SessionError               a frame cannot be taken into its session
    │   ├── SessionsFullError      too many frames wait for their answer
    │   ├── SessionsClosedError    the service is shutting down
    │   └── FrameFailedError       it could not be associated; the log says why
    ├── LiveError                  a live stream of the service cannot be had
    │   ├── LiveNotFoundError      no such stream
    │   ├── LiveForbiddenError     a source that the service may not read, or a stream of somebody else
    │   └── LiveFullError          too many streams run
    ├── JobError                   a video job cannot be done
    │   ├── JobNotFoundError       no such job
    │   ├── QueueUnusableError     the database of the queue is damaged or something else
    │   ├── JobFolderError         the folder of the jobs cannot be written
    │   └── QueueFullError         too many jobs wait
    │       └── JobQuotaError      too many of one client, or they take too much room
    ├── ServiceError               a service did not do what its client asked for
    │   ├── ServiceRefusedError    it answered with an error
    │   └── ServiceUnreachableError    it did not answer
    └── ExportError                a model cannot be built

The message of each is one line that says what was expected and what came. The command line prints it and exits with 2;
the HTTP service maps the same tree to status codes.
"""


class PhalpTritonError(Exception):
    """Base of all errors raised on purpose; catching it catches nothing else."""


class SettingsError(PhalpTritonError):
    """An option or setting has a value that cannot be used."""


class DeviceError(SettingsError):
    """The device that was asked for does not run the models, here or on their server; the message says what helps."""


class FocalLengthError(SettingsError):
    """A model needs the focal length of the camera, and neither settings, file nor a model tell it."""


class ContractError(PhalpTritonError):
    """Arrays do not have the shape, type or values that a room expects."""


class VideoError(PhalpTritonError):
    """The source cannot be turned into frames."""


class VideoNotFoundError(VideoError):
    """No such file or folder."""


class VideoFormatError(VideoError):
    """Not a video, no video stream, unknown codec, or nothing in it can be decoded."""


class VideoRangeError(VideoError):
    """The asked start and end select no frame."""


class InferenceError(PhalpTritonError):
    """A model did not answer."""


class ModelNotFoundError(InferenceError):
    """The model, or its file, does not exist where it is looked for."""


class ModelContractError(InferenceError):
    """The model's tensors are not those of the design, or the given tensors do not fit the model."""


class InferenceFailedError(InferenceError):
    """The model was run and failed."""


class InferenceUnavailableError(InferenceError):
    """The server cannot answer now, and repeating did not help within the budget; the same call may succeed later.

    Attributes:
        retry_after: seconds after which another try makes sense (HTTP's ``Retry-After``).
    """

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InferenceOverloadedError(InferenceUnavailableError):
    """The server's queue for the model is full."""


class InferenceTimeoutError(InferenceUnavailableError):
    """The model gave no answer within the deadline."""


class ModelResultsError(InferenceUnavailableError):
    """The model answers, but too far from what its export gave; the message says which output is off by how much."""


class TrackerClosedError(PhalpTritonError):
    """A tracker is used after it was closed."""


class TrackerStateError(PhalpTritonError):
    """A saved tracker state cannot be restored."""


class ResultsError(PhalpTritonError):
    """Results cannot be written or read."""


class DamagedResultsError(ResultsError):
    """Files of results are not what was written into them."""


class DiskFullError(ResultsError):
    """There is no room for results."""


class StorageError(PhalpTritonError):
    """A file cannot be had from where it lies, or cannot be put there."""


class StorageUnavailableError(StorageError):
    """The storage cannot answer now; the same call may succeed later."""


class BulkError(PhalpTritonError):
    """The workers of a bulk run cannot work."""


class ImageError(PhalpTritonError):
    """A sent image cannot be used."""


class ImageFormatError(ImageError):
    """Not JPEG or PNG, or damaged."""


class UnsupportedImageError(ImageFormatError):
    """An image, but neither JPEG nor PNG."""


class ImageTooLargeError(ImageError):
    """More pixels than allowed; known from the header, before anything is decoded."""


class MediaPathError(PhalpTritonError):
    """A path that a client named is unusable, or no file is there; the message shows nothing of this host's files."""


class MediaForbiddenError(MediaPathError):
    """A path that a client named is outside the media roots, whether or not something is there."""


class SessionError(PhalpTritonError):
    """A frame cannot be taken into its session."""


class SessionsFullError(SessionError):
    """Too many frames wait for their answer."""


class SessionsClosedError(SessionError):
    """The service is shutting down and takes no more frames."""


class FrameFailedError(SessionError):
    """A frame could not be associated with those before it, which should never happen; the log says why."""


class LiveError(PhalpTritonError):
    """A live stream of the service cannot be had."""


class LiveNotFoundError(LiveError):
    """No such live stream."""


class LiveForbiddenError(LiveError):
    """A source that the service may not read, or a stream that is somebody else's."""


class LiveFullError(LiveError):
    """Too many live streams run."""


class JobError(PhalpTritonError):
    """A video job cannot be done."""


class JobNotFoundError(JobError):
    """No such job."""


class QueueUnusableError(JobError):
    """The database of the queue is damaged, something else, or of a later version; the message names no path."""


class JobFolderError(JobError):
    """The folder of the jobs cannot be written or read."""


class JobKeyError(JobError):
    """A key that names a job was used for another request."""


class WebhookForbiddenError(JobError):
    """A URL that may not be called."""


class QueueFullError(JobError):
    """Too many jobs wait."""


class JobQuotaError(QueueFullError):
    """One client has too many jobs, or they take too much room."""


class ServiceError(PhalpTritonError):
    """A service did not do what its client asked for."""


class ServiceRefusedError(ServiceError):
    """The service answered with an error.

    Attributes:
        status: of HTTP, 400 and above.
        request_id: names the request in the service's log, None where the answer came from something else.
    """

    def __init__(self, message: str, *, status: int, request_id: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id


class ServiceUnreachableError(ServiceError):
    """The service did not answer, and trying again did not help in time."""


class ExportError(PhalpTritonError):
    """A model cannot be built."""
