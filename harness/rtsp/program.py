"""The process of an RTSP server: ``python program.py PORT CLIP``; needs GStreamer's libraries, and nothing of ours.

It plays a file of H.264 in its own time at ``rtsp://127.0.0.1:PORT/live``; every client sees it from the beginning.
"""

import ctypes
import sys

_PIPELINE = '( filesrc location="{clip}" ! qtdemux ! rtph264pay name=pay0 pt=96 config-interval=-1 )'


def main(port: str, clip: str) -> None:
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
    call(server_library, "gst_rtsp_media_factory_set_launch", None, factory, _PIPELINE.format(clip=clip).encode())
    mounts = call(server_library, "gst_rtsp_server_get_mount_points", pointer, server)
    call(server_library, "gst_rtsp_mount_points_add_factory", None, mounts, b"/live", factory)
    if not call(server_library, "gst_rtsp_server_attach", ctypes.c_uint, server, None):
        sys.exit(f"expected a free port, got {port}")
    call(glib, "g_main_loop_run", None, call(glib, "g_main_loop_new", pointer, None, None))


if __name__ == "__main__":
    main(*sys.argv[1:])
