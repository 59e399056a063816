"""What an operator asked for and can't be done."""


class Refused(Exception):
    """`code` is that of a text `refused_…`, `values` what it speaks of."""

    def __init__(self, status: int, code: str, **values: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.values = values
