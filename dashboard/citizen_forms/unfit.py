"""What a form of citizens can't take, by its field."""


class Unfit(ValueError):
    """What can't be so. `field` is a field of the form, or of what was made of it; `code` says why.

    Codes: missing, unknown, wrong, outside, long, not_offered, trap.
    """

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code
