"""What a board is made of, and as which JSON it is kept, exported and imported. Pure."""

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashboard.control_room.language import Language
from dashboard.control_room.refused import Refused
from dashboard.control_room.texts import TEXTS, say
from dashboard.figures.shared_axis import MOST
from storage.boards import LONGEST_TITLE, MOST_PANELS

_Model = TypeVar("_Model", bound=BaseModel)
FORMAT: Final = "hanoi-board"
FORMAT_VERSION: Final = 1
LARGEST_FILE: Final = 256 * 1024
FAULTS_SAID: Final = 5

_NO_NUL = r"^[^\x00]*$"
_Key = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
_Stream = Annotated[
    str, Field(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*:[A-Za-z0-9][A-Za-z0-9_.-]*$")
]
_Title = Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


class _Panel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    width: int = Field(default=1, ge=1, le=3)
    """Columns of three."""


class DomainPanel(_Panel):
    """A panel of a domain's page, with what was chosen in it: values parted by commas."""

    kind: Literal["domain"]
    page: _Key
    panel: _Key
    choices: dict[_Key, Annotated[str, Field(max_length=2000, pattern=_NO_NUL)]] = Field(
        default_factory=dict, max_length=10
    )


class SeriesPanel(_Panel):
    """The chart of a Thing's page."""

    kind: Literal["series"]
    thing: _Key
    property: _Key


class ExplorePanel(_Panel):
    """Series on one time axis, each as thing:property."""

    kind: Literal["explore"]
    series: list[_Stream] = Field(min_length=1, max_length=MOST)


class TitlePanel(_Panel):
    kind: Literal["title"]
    text: _Title


class TextPanel(_Panel):
    kind: Literal["text"]
    text: Annotated[str, Field(max_length=2000, pattern=_NO_NUL)]


Panel = Annotated[
    DomainPanel | SeriesPanel | ExplorePanel | TitlePanel | TextPanel, Field(discriminator="kind")
]
Panels = Annotated[list[Panel], Field(max_length=MOST_PANELS)]


class BoardFile(BaseModel):
    """As it is exported."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal["hanoi-board"]
    version: Literal[1]
    title: _Title
    panels: Panels


class SaveBody(BaseModel):
    """`version` is the one that was changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    version: int = Field(ge=1, le=2**31 - 1)
    title: _Title
    shared: bool
    panels: Panels


class NewBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: _Title
    panels: Panels = Field(default_factory=list)


class PinBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    panel: Panel


def read(model: type[_Model], content: bytes, shown: Language) -> _Model:
    """Raises Refused naming what is wrong and where, in words."""
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise Refused(422, "board_faults", faults=faults_in_words(error, shown)) from error


def written(title: str, panels: list[dict[str, Any]]) -> dict[str, Any]:
    """The file of a board."""
    return {"format": FORMAT, "version": FORMAT_VERSION, "title": title, "panels": panels}


def kept(panels: list[Panel]) -> list[dict[str, Any]]:
    """As the database keeps them."""
    return [panel.model_dump(mode="json") for panel in panels]


def faults_in_words(error: ValidationError, shown: Language) -> str:
    """Each with its place, panels counted from 1: 'panel 3, width: from 1 to 3'."""
    found = error.errors(include_url=False, include_input=False)
    said = [f"{_place(fault['loc'], shown)}: {_what(fault, shown)}" for fault in found[:FAULTS_SAID]]
    if len(found) > FAULTS_SAID:
        said.append(say("board_more_faults", shown).format(count=len(found) - FAULTS_SAID))
    return "; ".join(said)


def _place(where: tuple[int | str, ...], shown: Language) -> str:
    """Kinds of panels, which pydantic names on the way, are no place."""
    parts = list(where)
    if not parts:
        return say("board_file_itself", shown)
    if parts[0] == "panels" and len(parts) > 1 and isinstance(parts[1], int):
        rest = [str(one + 1) if isinstance(one, int) else one for one in parts[3:]]
        return ", ".join([say("board_panel_number", shown).format(n=parts[1] + 1), *rest])
    return ", ".join(str(one) for one in parts)


def _what(fault: Any, shown: Language) -> str:
    values = {name: str(value) for name, value in fault.get("ctx", {}).items()}
    key = f"board_fault_{fault['type']}"
    if key not in TEXTS:
        return say("board_fault", shown)
    return say(key, shown).format(**values)
