"""Gauges that are read from the service at the moment of the scrape."""

from tracker_service.api.service import Service


def publish_gauges(service: Service) -> None:
    """Publish readiness, sessions, tracks and queue of ``service``."""
    gauge = service.metrics.gauge
    gauge("phalp_ready", "1 when frames are answered.", lambda: float(service.readiness.state.ready))
    gauge("phalp_sessions", "Sessions in memory.", lambda: _statistic(service, "sessions"))
    gauge("phalp_tracks_live", "Living tracks of all sessions.", lambda: _statistic(service, "tracks_live"))
    gauge("phalp_frames_waiting", "Frames accepted and not yet answered.", lambda: service.frame_admission.frames)


def _statistic(service: Service, name: str) -> float:
    engine = service.loaded_engine
    return 0.0 if engine is None else float(getattr(engine.sessions.statistics(), name))
