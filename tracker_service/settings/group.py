"""What all groups of the settings tree have in common."""

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """A branch of the settings tree; frozen, unknown names are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
