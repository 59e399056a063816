"""What the page that draws any series together says, in Vietnamese and English."""

from typing import Final

from dashboard.control_room.board_texts import PIN_SCRIPT_TEXTS
from dashboard.control_room.domains.texts import CHART_SCRIPT_TEXTS
from storage.model import Text

EXPLORE_TEXTS: Final[dict[str, Text]] = {
    "explore": Text(vi="So sánh", en="Explore"),
    "explore_title": Text(vi="Chuỗi số liệu đã chọn", en="Chosen series"),
    "explore_add": Text(vi="Thêm chuỗi số liệu", en="Add a series"),
    "explore_hint": Text(
        vi="Tìm theo tên điểm đo và đại lượng, không cần dấu: «tay mo pm2.5». Nhiều nhất 8 chuỗi.",
        en="Search by place and property, without marks too: “tay mo pm2.5”. At most 8 series.",
    ),
    "explore_found": Text(vi="Thấy {count}, hiện {shown}.", en="{count} found, {shown} shown."),
    "explore_nothing": Text(vi="Không có chuỗi nào như vậy.", en="There is no such series."),
    "explore_remove": Text(vi="Bỏ {title}", en="Remove {title}"),
    "explore_full": Text(
        vi="Đã chọn đủ {most} chuỗi. Hãy bỏ bớt một.", en="{most} series are chosen. Remove one first."
    ),
    "explore_none": Text(
        vi="Chưa chọn chuỗi nào. Hãy tìm ở trên.", en="Nothing is chosen yet. Search above."
    ),
    "explore_words": Text(
        vi="{count} chuỗi từ {start} đến {end}, {step}.", en="{count} series from {start} to {end}, {step}."
    ),
    "explore_line": Text(
        vi="{title}: thấp nhất {lowest}, cao nhất {highest}, trung bình {mean}, đủ {coverage} % số giá trị.",
        en="{title}: lowest {lowest}, highest {highest}, mean {mean}, {coverage} % of the values due.",
    ),
    "explore_line_empty": Text(vi="{title}: không có số liệu.", en="{title}: no data."),
    "explore_compare": Text(vi="So sánh với chuỗi khác", en="Compare with others"),
    "refused_explore_many": Text(vi="Nhiều nhất {most} chuỗi.", en="At most {most} series."),
}

EXPLORE_SCRIPT_TEXTS: Final = (
    *CHART_SCRIPT_TEXTS,
    *PIN_SCRIPT_TEXTS,
    *("panel_loading", "panel_empty", "panel_old", "panel_newest", "simulated"),
    *("explore_found", "explore_nothing", "explore_remove", "explore_full", "explore_none"),
)
"""What its script says."""
