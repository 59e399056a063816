"""What the channels that send texts have in common: the language, and a template of the receiver's own."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from alerts.examples import documents
from alerts.notifiers import ReceiverTable
from alerts.secrets import SecretReader
from alerts.templating import Form, Language, OwnTemplate, Writer, read_own


def _template(name: Any, info: ValidationInfo) -> OwnTemplate:
    """Read and tried: file and line of what does not work are known at check time."""
    assert isinstance(info.context, SecretReader)
    if not isinstance(name, str) or not name:
        raise ValueError("is the name of a Jinja2 file beside this one")
    return read_own(info.context.folder, name, documents())


class LetterTable(ReceiverTable):
    language: Language = "both"
    template: Annotated[OwnTemplate, BeforeValidator(_template)] | None = None
    """Stands for the shipped one."""

    def writer(self, replaces: Form) -> Writer:
        """`replaces`: which of the shipped templates the receiver's own stands for."""
        return Writer(language=self.language, own=self.template, replaces=replaces)
