"""The process of an RTSP server: ``python program.py PORT plays|records FILE``; needs only GStreamer's libraries.

At ``rtsp://127.0.0.1:PORT/live`` it plays a file of H.264 in its own time, every client from the beginning, or takes
H.264 from a client into a file of its own.
"""

import ctypes
import sys

_PIPELINES = {
    "plays": '( filesrc location="{file}" ! qtdemux ! rtph264pay name=pay0 pt=96 config-interval=-1 )',
    "records": "( rtph264depay name=depay0 ! video/x-h264,stream-format=byte-stream,alignment=au "
    '! filesink location="{file}" sync=false buffer-mode=unbuffered )',
}
_TRANSPORT_MODES = {"plays": 1, "records": 2}
"""GstRTSPTransportMode."""


def main(port: str, does: str, file: str) -> None:
    """Serve until the process is killed."""
    server_library = ctypes.CDLL("libgstrtspserver-1.0.so.0")
    gstreamer = ctypes.CDLL("libgstreamer-1.0.so.0")
    glib = ctypes.CDLL("libglib-2.0.so.0")
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    gstreamer.gst_init.argtypes = [pointer, pointer]
    gstreamer.gst_init(None, None)

    def call(library: ctypes.CDLL, name: str, result: object, *arguments: object) -> object:
        function = getattr(library, name)
        function.restype = result
        function.argtypes = [text if isinstance(argument, bytes) else pointer for argument in arguments]
        return function(*arguments)

    server = call(server_library, "gst_rtsp_server_new", pointer)
    call(server_library, "gst_rtsp_server_set_address", None, server, b"127.0.0.1")
    call(server_library, "gst_rtsp_server_set_service", None, server, port.encode())
    factory = call(server_library, "gst_rtsp_media_factory_new", pointer)
    call(
        server_library, "gst_rtsp_media_factory_set_launch", None, factory, _PIPELINES[does].format(file=file).encode()
    )
    set_mode = server_library.gst_rtsp_media_factory_set_transport_mode
    set_mode.argtypes, set_mode.restype = [pointer, ctypes.c_int], None
    set_mode(factory, _TRANSPORT_MODES[does])
    mounts = call(server_library, "gst_rtsp_server_get_mount_points", pointer, server)
    call(server_library, "gst_rtsp_mount_points_add_factory", None, mounts, b"/live", factory)
    if not call(server_library, "gst_rtsp_server_attach", ctypes.c_uint, server, None):
        sys.exit(f"expected a free port, got {port}")
    call(glib, "g_main_loop_run", None, call(glib, "g_main_loop_new", pointer, None, None))


if __name__ == "__main__":
    main(*sys.argv[1:])
