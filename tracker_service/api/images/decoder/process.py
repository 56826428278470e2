"""A process that decodes one image after another: ``python -m tracker_service.api.images.decoder.process``.

Standard input is the socket of the service, and its end the end of this process; the only argument is the descriptor of
the memory that both share. An image that breaks the decoder, or takes too much memory or time, ends this process alone.
"""

import mmap
import os
import socket
import sys

from tracker_service.api.images.decoder.decoding import decoded, written_focal
from tracker_service.api.images.decoder.protocol import ANSWER, REQUEST, SETUP, DecodeAnswer, DecodeRequest
from tracker_service.errors import ImageFormatError
from tracker_service.process.confinement import allow_cpu_seconds, confine
from tracker_service.process.memory import keep_freed_memory


def main(shared: int) -> None:
    """Answer requests until there are no more."""
    with socket.socket(fileno=0) as service:
        memory_bytes, cpu_seconds = SETUP.unpack(_exactly(service, SETUP.size))
        confine(memory=memory_bytes)
        keep_freed_memory()
        memory = mmap.mmap(-1, 1)
        while request := _exactly(service, REQUEST.size):
            allow_cpu_seconds(cpu_seconds)
            if os.fstat(shared).st_size != len(memory):
                memory.close()
                memory = mmap.mmap(shared, 0)
            service.sendall(ANSWER.pack(*_answer(memory, DecodeRequest(*REQUEST.unpack(request)))))


def _answer(memory: mmap.mmap, request: DecodeRequest) -> DecodeAnswer:
    try:
        kind = "PNG" if request.png else "JPEG"
        image = decoded(kind, memory[: request.length], (request.width, request.height))
    except ImageFormatError:
        return DecodeAnswer(False, 0, 0)
    memory.seek(0)
    memory.write(image.tobytes())
    return DecodeAnswer(True, *image.size, written_focal(image))


def _exactly(stream: socket.socket, length: int) -> bytes:
    """Read so many bytes; none at the end."""
    data = b""
    while len(data) < length:
        if not (more := stream.recv(length - len(data))):
            return b""
        data += more
    return data


if __name__ == "__main__":
    main(int(sys.argv[1]))
