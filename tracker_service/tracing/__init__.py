"""Traces: where the time of a request or a run goes, step by step, as OpenTelemetry has them. Off by default."""
