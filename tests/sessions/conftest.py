"""Fixtures: the body of the lite models."""

from tests.body.conftest import standin_body

__all__ = ["standin_body"]
