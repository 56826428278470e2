"""Results from a worker's temporary folder to where they stay: the files first, the mark of completion last."""

from pathlib import Path

from tracker_service.bulk.completion import COMPLETE, Completion, StoredFile, read_completion
from tracker_service.bulk.storage import Place, file_digest
from tracker_service.errors import StorageUnavailableError


def stored_files(results: Path) -> dict[str, StoredFile]:
    """Return the files of results by name, with length and digest."""
    paths = sorted(path for path in results.iterdir() if path.is_file())
    return {path.name: StoredFile(path.stat().st_size, file_digest(path)) for path in paths}


def publish(results: Path, folder: Place, completion: Completion) -> None:
    """Write all files of a video's results, then the mark.

    An earlier mark is removed before anything is replaced, so that no mark ever stands beside files that it does not
    describe.

    Args:
        results: the complete files.
        folder: where they go.
        completion: what the mark says.

    Raises:
        StorageError: a file cannot be written, or has not arrived whole.
    """
    earlier = read_completion(folder)
    folder.child(COMPLETE).remove()
    for name in (earlier.files.keys() if earlier is not None else set()) - completion.files.keys():
        folder.child(name).remove()
    for name in completion.files:
        folder.child(name).upload(results / name)
    if not completion.is_whole(folder, verify=False):
        raise StorageUnavailableError(f"{folder.address}: expected all files with their lengths, got others")
    folder.child(COMPLETE).write(completion.to_json())
