"""What the pages of alert rules send."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from storage import rule_edits
from storage.model import NAME

MOST_DAYS: Final = 90

_Key = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
_Words = Annotated[str, Field(max_length=rule_edits.LARGEST, pattern=r"^[^\x00]*$")]
_Reason = Annotated[str, Field(max_length=rule_edits.LONGEST_REASON, pattern=r"^[^\x00]*\S[^\x00]*$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DraftBody(_Body):
    """`form` is what was typed into the form since the text came."""

    key: _Key | None
    text: _Words
    form: dict[str, Annotated[str, Field(max_length=8000, pattern=r"^[^\x00]*$")] | bool] = Field(
        default_factory=dict, max_length=60
    )


class TrialBody(_Body):
    key: _Key | None
    text: _Words
    thing: _Key | None = None
    days: int = Field(default=7, ge=1, le=MOST_DAYS)


class SaveBody(_Body):
    """`key` is None of a new rule; `version` is the one that the editor began with."""

    key: _Key | None
    text: _Words
    reason: _Reason
    version: int = Field(ge=0, le=1_000_000)


class SwitchBody(_Body):
    enabled: bool
    reason: _Reason
    version: int = Field(ge=0, le=1_000_000)


class RevertBody(_Body):
    reason: _Reason
    version: int = Field(ge=0, le=1_000_000)
