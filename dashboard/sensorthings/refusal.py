"""A request that can't be answered, as a value that names the option and the place in it."""


class Refused(Exception):
    """`at` is the place in the option's text, from 0; None: the whole of it, or there is no option."""

    def __init__(
        self, detail: str, *, option: str | None = None, at: int | None = None, status: int = 400
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.option = option
        self.at = at
        self.status = status


def not_found(detail: str) -> Refused:
    return Refused(detail, status=404)


def too_much(detail: str, option: str | None = None) -> Refused:
    """It would cost more than one request may."""
    return Refused(f"{detail}: ask for less", option=option)
