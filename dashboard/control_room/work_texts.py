"""What is said of work that lasts, in Vietnamese and English."""

from typing import Final

from storage.model import Text

WORK_TEXTS: Final[dict[str, Text]] = {
    "work_cancel": Text(vi="Hủy", en="Cancel"),
    "work_cancelling": Text(vi="Đang hủy…", en="Cancelling…"),
    "work_turn": Text(vi="Đợi đến lượt", en="Waiting for its turn"),
    "work_elapsed": Text(vi="đã {seconds} giây", en="{seconds} s so far"),
    "work_lost": Text(
        vi="Mất kết nối khi đang chờ. Hãy tải lại trang để biết việc đã xong hay chưa.",
        en="The connection was lost meanwhile. Reload the page to see whether it was done.",
    ),
    "refused_no_work": Text(vi="Việc này đã kết thúc.", en="That has ended already."),
}
WORK_SCRIPT_TEXTS: Final = ("work_cancel", "work_cancelling", "work_elapsed", "work_lost")
