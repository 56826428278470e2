"""Converts the results of jobs when they are first asked for, each once, one after the other."""

import asyncio
import logging
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from anyio import to_thread

from tracker_service.api.http.errors import http_error
from tracker_service.api.service import Service
from tracker_service.errors import DamagedResultsError, DiskFullError
from tracker_service.jobs.chunks.whole_files import WholeFiles
from tracker_service.jobs.disk import free_bytes
from tracker_service.process import confinement
from tracker_service.results.formats.bodies.skeleton import SkeletonPreset
from tracker_service.results.formats.task import CANNOT_BE_CONVERTED, NO_ROOM, ConversionTask
from tracker_service.results.result_files import RESULTS
from tracker_service.wiring.models import body_file

FOLDER = "exports"
"""Folder in a job's folder."""
_COMMAND = confinement.command("tracker_service.results.formats")
_MOST_WAITING = 16
"""Conversions that wait for their turn; beyond it 503."""
_logger = logging.getLogger(__name__)


class Conversions:
    """The exported files of all jobs; a conversion is a process of its own.

    Args:
        service: the service; what is being converted when it stops is given up.
    """

    def __init__(self, service: Service) -> None:
        self._settings = service.settings
        self._running: dict[Path, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        service.stop_callbacks.append(self._stop)

    async def open(self, job_folder: Path, name: str, preset: SkeletonPreset, file_name: str) -> BinaryIO:
        """Open one of a job's files in a format; files that are damaged are written again, once.

        Args:
            job_folder: of the job.
            name: of the format.
            preset: of the skeleton, where the format has one.
            file_name: of the file.

        Raises:
            FileNotFoundError: the format has no such file of these results.
            DamagedResultsError: the results are damaged, or the file is once more.
            HTTPException, DiskFullError: as `folder`.
        """
        folder = await self.folder(job_folder, name, preset)
        try:
            return await to_thread.run_sync(WholeFiles(folder).open, file_name)
        except DamagedResultsError as error:
            _logger.warning("converting to %s again: %s", name, error)
            await to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))
        folder = await self.folder(job_folder, name, preset)
        return await to_thread.run_sync(WholeFiles(folder).open, file_name)

    async def folder(self, job_folder: Path, name: str, preset: SkeletonPreset) -> Path:
        """Return the folder of a job's files in a format, after they were written if they were not there.

        The conversion goes on when the client leaves, so that the next one finds the files.

        Raises:
            HTTPException: 422, the results cannot be converted, or take too long; 503, too many wait.
            DamagedResultsError: they are not what was written.
            DiskFullError: there is no room for files.
        """
        key = f"{name}-{preset}" if name == "bvh" else name
        target = job_folder / FOLDER / key
        if await to_thread.run_sync(target.is_dir):
            return target
        if target not in self._running:
            if len(self._running) >= _MOST_WAITING:
                raise http_error(503, "too many results are being converted; try again", retry_after=10)
            task = asyncio.create_task(self._convert(job_folder, target, name, preset))
            self._running[target] = task
            task.add_done_callback(lambda done: self._forget(target, done))
        await asyncio.shield(self._running[target])
        return target

    def _forget(self, target: Path, done: asyncio.Task[None]) -> None:
        self._running.pop(target, None)
        if not done.cancelled():
            done.exception()  # whoever asked has it, if they are still there

    async def _convert(self, job_folder: Path, target: Path, name: str, preset: SkeletonPreset) -> None:
        async with self._turn:
            scratch = await to_thread.run_sync(_scratch, target, self._settings.jobs.free_bytes)
            try:
                body = body_file(self._settings).absolute()
                most = self._settings.limits.export_poses
                results = WholeFiles(job_folder)
                await to_thread.run_sync(results.check, RESULTS)
                await self._run(ConversionTask(job_folder.absolute(), scratch.absolute(), name, body, preset, most))
                await to_thread.run_sync(results.check, RESULTS)  # what was read is what was written
                await to_thread.run_sync(_seal, scratch)
                await to_thread.run_sync(scratch.replace, target)
            finally:
                await asyncio.shield(to_thread.run_sync(lambda: shutil.rmtree(scratch, ignore_errors=True)))

    async def _run(self, task: ConversionTask) -> None:
        environment = {**confinement.own_environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *_COMMAND, task.to_json(), stdin=nothing, stdout=pipe, stderr=pipe, env=environment
        )
        seconds = self._settings.limits.export_seconds
        try:
            told, logged = await asyncio.wait_for(process.communicate(), seconds)
        except TimeoutError:
            raise http_error(
                422, f"{task.format_name}: expected results that take at most {seconds:g} s to convert, got longer ones"
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        message = told.decode(errors="replace").strip().replace(f"{task.folder}/", "")
        if process.returncode == NO_ROOM:
            raise DiskFullError(message)
        if process.returncode == CANNOT_BE_CONVERTED:
            raise http_error(422, message)
        if process.returncode:
            _logger.error("converting to %s: %s", task.format_name, logged.decode(errors="replace")[-2000:])
            raise http_error(500, "internal error")

    async def _stop(self, _seconds: float) -> None:
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _seal(folder: Path) -> None:
    files = WholeFiles(folder)
    for path in sorted(folder.iterdir()):
        files.seal(path.name)


def _scratch(target: Path, keep_free: int) -> Path:
    """Return a new folder beside ``target``; removes what an earlier service has left of the same conversion.

    Raises:
        DiskFullError: less than ``keep_free`` bytes are free.
    """
    if free_bytes(target.parents[1]) < keep_free:
        raise DiskFullError("exports: expected room on the disk, got too little")
    target.parent.mkdir(exist_ok=True)
    for leftover in target.parent.glob(f".{target.name}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
