"""Text as it is compared when somebody searches: lower case, without marks; đ is d. Pure."""

import unicodedata


def folded(text: str) -> str:
    """'Ngập Tống Đản' → 'ngap tong dan'."""
    apart = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(sign for sign in apart if not unicodedata.combining(sign))
