"""What a replay says of itself, in Vietnamese and English."""

from typing import Final

from storage.model import Text

_BOTH: Final = "PHÁT LẠI · REPLAY"

PAST_TEXTS: Final[dict[str, Text]] = {
    "past_mark": Text(vi=_BOTH, en=_BOTH),
    "past_title": Text(vi="Không xem lại được", en="Not in a replay"),
    "past_region": Text(
        vi="Phát lại: trang này là quá khứ, không phải hiện tại",
        en="Replay: this page shows the past, not the present",
    ),
    "past_enter": Text(vi="Phát lại", en="Replay"),
    "past_see_then": Text(vi="Xem lúc đó ra sao (phát lại)", en="See how it was then (replay)"),
    "past_play": Text(vi="Chạy", en="Play"),
    "past_pause": Text(vi="Dừng", en="Pause"),
    "past_previous": Text(vi="Cảnh báo trước", en="Previous alert"),
    "past_next": Text(vi="Cảnh báo sau", en="Next alert"),
    "past_5min": Text(vi="5 phút", en="5 min"),
    "past_back_long": Text(vi="Lùi 5 phút (phím ←)", en="5 minutes back (key ←)"),
    "past_on_long": Text(vi="Tới 5 phút (phím →)", en="5 minutes on (key →)"),
    "past_speed": Text(vi="Tốc độ", en="Speed"),
    "past_day": Text(vi="Giờ trong ngày", en="Time of the day"),
    "past_goto": Text(vi="Đến lúc", en="Go to"),
    "past_go": Text(vi="Đến", en="Go"),
    "past_leave": Text(vi="✕ Thoát, về hiện tại", en="✕ Leave, back to now"),
    "past_note": Text(
        vi=(
            "Chỉ xem: không thao tác, không âm thanh, không gửi gì đi. Số liệu và cảnh báo đến muộn hoặc được sửa "
            "hiện ở đúng thời điểm của chúng. Điểm đo, ngưỡng và lịch trực theo khai báo hôm nay. Dự báo, đồng hồ "
            "thiết bị, tiếp nhận và bộ cảnh báo không được lưu lại nên không hiện. Phím ← → : 5 phút, kèm Shift: 1 giờ."
        ),
        en=(
            "Only to look at: no actions, no sound, nothing is sent. Values and alerts that came late or were "
            "corrected stand at their own time. Places, limits and rosters are those of today. Forecasts, device "
            "clocks, ingest and the alert engine are not kept, so they are not shown. Keys ← →: 5 minutes, with Shift: "
            "1 hour."
        ),
    ),
    "past_paused": Text(vi="đang dừng", en="paused"),
    "past_playing": Text(vi="đang chạy", en="playing"),
    "past_loading": Text(vi="đang nạp…", en="loading…"),
    "past_end": Text(
        vi="đã đến hiện tại: hết phần phát lại", en="the present is reached: the replay ends here"
    ),
    "past_no_alert": Text(
        vi="Không có cảnh báo nào nữa theo hướng đó.", en="There is no alert further that way."
    ),
    "past_at": Text(vi="Phát lại lúc {time}", en="Replay at {time}"),
    "past_server_gone": Text(
        vi="Máy chủ không trả lời. Đang thử lại.", en="The server does not answer. Trying again."
    ),
    "past_bad_time": Text(
        vi="Viết thời điểm như 12/11/2026 14:35, không ở tương lai.",
        en="Write the time as 12/11/2026 14:35, not in the future.",
    ),
    "past_on_call": Text(vi="Trực lúc đó (theo lịch hiện nay)", en="On call then (by today's roster)"),
    "past_link_live": Text(vi="Lúc đó các trạm đang gửi", en="Stations were sending then"),
    "past_link_old": Text(
        vi="Lúc đó không trạm nào gửi: số liệu đã cũ", en="No station was sending then: data was old"
    ),
    "past_link_empty": Text(vi="Lúc đó chưa có dữ liệu", en="There was no data yet"),
    "past_link_gone": Text(vi="Không có dữ liệu", en="No data"),
    "past_link_loading": Text(vi="Đang nạp", en="Loading"),
    "past_unknown": Text(vi="không được lưu lại", en="not kept"),
    "past_thing": Text(vi="Mở trang điểm đo lúc đó", en="Open its page at that moment"),
    "past_range": Text(vi="theo giờ phát lại", en="goes with the replay"),
    "past_sending": Text(vi="Lúc đó đang gửi", en="Sending then"),
    "past_no_section": Text(
        vi="Bản đồ 48 giờ và bản đồ chỗ đỗ theo phố luôn là của hiện tại, nên không hiện trong phát lại.",
        en="The map of 48 hours and the map of bays along streets are always of now, so a replay does not show them.",
    ),
    "past_page_now": Text(vi="Mở trang này ở hiện tại", en="Open this page as of now"),
    "past_again": Text(vi="Về phát lại tổng quan", en="Back to the replay's overview"),
    "refused_replay_no_action": Text(
        vi="Đang phát lại: không làm gì được từ đây. Hãy thoát phát lại trước. Chưa có gì được ghi.",
        en="This is a replay: nothing can be done from here. Leave it first. Nothing was written.",
    ),
    "refused_replay_not_here": Text(
        vi="Trang hoặc phần này không xem lại được ở một thời điểm quá khứ, nên không hiện gì trong phát lại.",
        en="This page or part can't be shown at a past moment, so a replay shows nothing of it.",
    ),
    "refused_replay_time": Text(
        vi="Thời điểm phát lại '{time}' không đọc được (ví dụ: 2026-11-12T14:35).",
        en="The moment to replay, '{time}', can't be read (such as 2026-11-12T14:35).",
    ),
    "refused_replay_beyond": Text(
        vi="Chỉ phát lại được từ năm 2000 đến hiện tại.",
        en="Only from the year 2000 until now can be replayed.",
    ),
    "refused_replay_busy": Text(
        vi="Đang có {readers} lượt phát lại cùng đọc dữ liệu. Trang tự thử lại; hoặc chọn tốc độ chậm hơn.",
        en="{readers} replays are reading at the same time. This page tries again; or choose a slower speed.",
    ),
    "refused_replay_slow": Text(
        vi="Đọc thời điểm đó quá lâu nên đã dừng. Hãy thử lại.",
        en="Reading that moment took too long and was stopped. Try again.",
    ),
    "refused_replay_no_alert": Text(
        vi="Vào thời điểm phát lại chưa có cảnh báo số {id}.",
        en="At the moment that is replayed there was no alert {id} yet.",
    ),
}

PAST_BAR_SCRIPT_TEXTS: Final = (
    *("past_mark", "past_play", "past_pause", "past_paused", "past_playing", "past_loading", "past_end"),
    *("past_no_alert", "past_at", "past_server_gone", "past_bad_time"),
)
"""What the bar's script says."""

PAST_ROOM_SCRIPT_TEXTS: Final = ("past_thing",)
"""What the script of the overview that is played says."""

PAST_PAGE_SCRIPT_TEXTS: Final = ("past_range", "past_sending")
"""What the scripts of other pages say in a replay."""
