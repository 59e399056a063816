"""What both forms say in the same words, in Vietnamese and English. Plain text, never HTML."""

from collections.abc import Mapping
from typing import Final

from storage.model import Text

TEXTS: Final[Mapping[str, Text]] = {
    "back": Text(vi="Bản đồ trực tiếp", en="The live map"),
    "other_language": Text(vi="English", en="Tiếng Việt"),
    "trap": Text(vi="Để trống ô này", en="Leave this field empty"),
    "hanoi_time": Text(vi="giờ Hà Nội", en="Hanoi time"),
}
