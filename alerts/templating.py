"""Texts of a notification from Jinja2 templates in a sandbox: the shipped ones, or a receiver's own file.

A receiver's own template is tried when it is read. If it fails later all the same, the shipped text goes out with a
note: a message is never lost to its form.
"""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader, StrictUndefined, TemplateError, pass_context
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts import wording
from alerts.model import Severity
from storage.model import Provenance

SHIPPED: Final = Path(str(files("alerts"))) / "templates"
GROWING: Final = frozenset(
    {"ljust", "rjust", "center", "zfill", "expandtabs", "replace", "translate", "join"}
)
"""What a text can do to itself that makes it as long as one likes."""
LONGEST: Final = 20_000
"""Characters that a template may write."""

Form = Literal["subject", "text", "short"]
Language = Literal["vi", "en", "both"]

_FAULTS: Final = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What an expression of a template can raise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnTemplate:
    """A receiver's own file, as it was read."""

    name: str
    source: str = field(repr=False)

    @property
    def html(self) -> bool:
        """Then what is put into it is escaped."""
        return self.name.endswith((".html", ".html.j2"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """Writes documents (alerts.message) in a receiver's language; `own` stands for the form `replaces`."""

    language: Language = "both"
    own: OwnTemplate | None = None
    replaces: Form = "text"

    @property
    def html(self) -> bool:
        """Whether the form that it replaces is HTML."""
        return self.own is not None and self.own.html

    def subject(self, document: Mapping[str, Any]) -> str:
        """One line."""
        return " ".join(self._in_languages("subject", document, " / ").split())

    def text(self, document: Mapping[str, Any]) -> str:
        """All that is to be said, in several lines."""
        return self._in_languages("text", document, "\n\n")

    def short(self, document: Mapping[str, Any]) -> str:
        """One line for where every character is paid for."""
        return " ".join(self._in_languages("short", document, " / ").split())

    def parts(self, document: Mapping[str, Any]) -> dict[str, str]:
        """What a provider's own template may be filled with: of the worst alert, never empty."""
        names = ("title", "place", "severity", "time", "value")
        language = "vi" if self.language == "both" else self.language
        found = {name: wording.part(document, name, language) for name in names}
        return {**found, "text": self.short(document), "subject": self.subject(document)}

    def _in_languages(self, form: Form, document: Mapping[str, Any], between: str) -> str:
        languages = wording.LANGUAGES if self.language == "both" else (self.language,)
        return between.join(self._write(form, document, language) for language in languages)

    def _write(self, form: Form, document: Mapping[str, Any], language: str) -> str:
        if self.own is None or form != self.replaces:
            return render(f"{form}.j2", document, language)
        try:
            return _marked(render(self.own.name, document, language, self.own), document, language)
        except _FAULTS as error:
            note = wording.TEMPLATE_FAILED.in_language(language).format(place=_place(self.own, error))
            return f"{render(f'{form}.j2', document, language)}\n{note}"


def read_own(folder: Path, name: str, examples: Sequence[Mapping[str, Any]]) -> OwnTemplate:
    """A receiver's template, tried on the examples. Raises ValueError with file, line and what is wrong."""
    try:
        own = OwnTemplate(name=Path(name).name, source=(folder / name).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise ValueError(f"{name}: {said}") from None
    for document in examples:
        for language in wording.LANGUAGES:
            try:
                written = render(own.name, document, language, own)
            except _FAULTS as error:
                raise ValueError(f"{_place(own, error)}: {error}") from None
            if not written.strip():
                raise ValueError(f"{name}: writes nothing for the example '{document['reason']}'")
    return own


def render(name: str, document: Mapping[str, Any], language: str, own: OwnTemplate | None = None) -> str:
    """The text of one template; a shipped one's is cut at LONGEST.

    Raises what a template of a receiver can (jinja2.TemplateError and others).
    """
    written = ""
    for piece in _environment(own).get_template(name).generate(**document, language=language):
        written += str.__str__(piece)  # as it is: a Markup would escape what it is added to
        if len(written) > LONGEST:
            if own is not None:
                raise SecurityError(f"writes more than {LONGEST} characters")
            return written[: LONGEST - 1].strip() + "…"
    return written.strip()


def _marked(written: str, document: Mapping[str, Any], language: str) -> str:
    """What is simulated or a test says so, whatever a receiver's template leaves out."""
    mark = wording.mark_of(document, language)
    return written if mark.strip() in written else f"{mark}{written}"


class _Sandbox(ImmutableSandboxedEnvironment):
    """Also without what makes gigabytes of a few characters."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str) and attr in GROWING:
            return False
        return bool(super().is_safe_attribute(obj, attr, value))

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not all(isinstance(side, int | float) for side in (left, right)):
            raise SecurityError(f"{operator} is not allowed here")
        return super().call_binop(context, operator, left, right)


@cache
def _environment(own: OwnTemplate | None) -> _Sandbox:
    """Of the receiver's own file only itself is loaded, and what it may include are the shipped ones."""
    loaders = [*([DictLoader({own.name: own.source})] if own else []), FileSystemLoader(SHIPPED)]
    environment = _Sandbox(
        loader=ChoiceLoader(loaders),
        autoescape=own is not None and own.html,
        undefined=StrictUndefined,
        keep_trailing_newline=False,
    )
    environment.filters |= _FILTERS
    for padding in ("center", "format", "indent", "xmlattr"):
        del environment.filters[padding]
    del environment.globals["lipsum"]
    return environment


@pass_context
def _say(context: Context, text: Mapping[str, str]) -> str:
    return text[context["language"]]


@pass_context
def _clock(context: Context, time: str) -> str:
    return wording.clock(datetime.fromisoformat(time), context["language"])


@pass_context
def _number(context: Context, value: float) -> str:
    return wording.number(value, context["language"])


@pass_context
def _amount(context: Context, value: float, unit: str) -> str:
    return wording.amount(value, unit, context["language"])


@pass_context
def _duration(context: Context, seconds: float) -> str:
    return wording.duration(seconds, context["language"])


@pass_context
def _severity(context: Context, severity: str) -> str:
    return wording.SEVERITIES[Severity(severity)].in_language(context["language"])


@pass_context
def _mark(context: Context, provenance: str | None) -> str:
    return wording.mark(Provenance(provenance), context["language"]) if provenance else ""


@pass_context
def _standing(context: Context, alert: Mapping[str, Any]) -> str:
    return wording.standing(alert["state"], alert["withdrawn"], context["language"])


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]


_FILTERS: Final[dict[str, Callable[..., str]]] = {
    "say": _say,
    "clock": _clock,
    "number": _number,
    "amount": _amount,
    "duration": _duration,
    "severity": _severity,
    "mark": _mark,
    "standing": _standing,
    "first_line": _first_line,
}


def _place(own: OwnTemplate, error: Exception) -> str:
    """'duty.j2:3': where in the receiver's file it failed."""
    if isinstance(error, TemplateSyntaxError):
        return f"{own.name}:{error.lineno}"
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.name.endswith("template code")
    ]
    return f"{own.name}:{lines[0]}" if lines else own.name
