"""What the page about the data says, in Vietnamese and English."""

from typing import Final

from storage.model import Text

DATA_TEXTS: Final[dict[str, Text]] = {
    "data": Text(vi="Dữ liệu", en="Data"),
    "kept_title": Text(vi="Lưu giữ", en="What is kept"),
    "kept_hint": Text(
        vi="Thời hạn theo HANOI_RETENTION_FILE. Không xóa gì khi chưa được tổng hợp.",
        en="How long, by HANOI_RETENTION_FILE. Nothing is deleted before it is rolled up.",
    ),
    "no_policy": Text(
        vi="HANOI_RETENTION_FILE chưa được đặt: mọi thứ được giữ mãi.",
        en="HANOI_RETENTION_FILE is not set: everything is kept for ever.",
    ),
    "raw": Text(vi="Giá trị gốc", en="Raw values"),
    "hourly": Text(vi="Theo giờ", en="By the hour"),
    "daily": Text(vi="Theo ngày", en="By the day"),
    "values": Text(vi="Số giá trị", en="Values"),
    "keeps": Text(vi="giữ {length}", en="kept {length}"),
    "forever": Text(vi="mãi mãi", en="for ever"),
    "for_now": Text(vi="tạm thời, vì không dùng được tệp", en="for now, since the file can't be used"),
    "length_days": Text(vi="{count} ngày", en="{count} days"),
    "from_day": Text(vi="từ {day}", en="from {day}"),
    "disk_title": Text(vi="Trên đĩa", en="On disk"),
    "size": Text(vi="Dung lượng", en="Size"),
    "chunks": Text(vi="Số khối", en="Chunks"),
    "compressed": Text(vi="Đã nén", en="Compressed"),
    "edition": Text(vi="TimescaleDB bản {edition}.", en="TimescaleDB, {edition} edition."),
    "no_compression": Text(vi="Bản này không nén được.", en="This edition can't compress."),
    "jobs_title": Text(vi="Công việc định kỳ", en="Periodic work"),
    "job": Text(vi="Công việc", en="Job"),
    "job_derive": Text(vi="Chỉ số dẫn xuất", en="Indicators"),
    "job_quality": Text(vi="Kiểm tra chất lượng", en="Quality checks"),
    "job_rollup": Text(vi="Tổng hợp giờ và ngày", en="Hours and days"),
    "job_retention": Text(vi="Xóa và nén", en="Retention"),
    "done_to": Text(vi="Đã xử lý đến", en="Done up to"),
    "never_ran": Text(vi="chưa chạy", en="has not run"),
    "job_deleted": Text(vi="đã xóa {rows} giá trị gốc", en="{rows} raw values deleted"),
    "job_kept": Text(
        vi="{rows} giá trị đã đến hạn nhưng chưa xóa được", en="{rows} old enough and not deleted yet"
    ),
    "complete_title": Text(vi="Mức đầy đủ hôm qua", en="Completeness of yesterday"),
    "complete_hint": Text(
        vi="Phần giá trị dùng được so với số phải đến theo chu kỳ của từng chuỗi. Dưới 95 % được nêu tên.",
        en="Usable values against those that were due by each Datastream's interval. Below 95 % it is named.",
    ),
    "no_day": Text(
        vi="Chưa có ngày trọn vẹn nào sau giá trị đầu tiên.", en="No whole day yet since the first value."
    ),
    "all_complete": Text(vi="Mọi chuỗi đều đạt 95 % trở lên.", en="Every Datastream has 95 % or more."),
    "share": Text(vi="Đầy đủ", en="Complete"),
    "received": Text(vi="Đến / phải đến", en="Came / due"),
    "doubtful": Text(vi="Đáng ngờ / lỗi", en="Suspect / failed"),
    "silent": Text(vi="{count} im lặng", en="{count} silent"),
    "place": Text(vi="Điểm đo", en="Thing"),
    "stuck_title": Text(vi="Giá trị đứng yên", en="Standing still"),
    "no_stuck": Text(vi="Không có giá trị nào đứng yên.", en="Nothing stands still."),
    "drift_title": Text(vi="Lệch dần so với lân cận", en="Drifting from neighbours"),
    "drift_hint": Text(
        vi="Hiệu với trung vị các điểm trong 5 km (hoặc cùng điểm mẹ), xu hướng 14 ngày. Lệch nhanh nhất đứng trước.",
        en="Against the median of the Things within 5 km or of the same parent; the trend of 14 days. Fastest first.",
    ),
    "no_drift": Text(
        vi="Chưa đủ 5 ngày có ít nhất hai điểm lân cận.", en="Not yet five days with two neighbours or more."
    ),
    "difference": Text(vi="Hiệu", en="Difference"),
    "trend": Text(vi="Mỗi ngày", en="Per day"),
    "skew_title": Text(vi="Đồng hồ lệch", en="Clocks that are off"),
    "no_skew": Text(
        vi="Không đồng hồ nào lệch từ một phút trở lên.", en="No clock is off by a minute or more."
    ),
    "skew": Text(vi="Lệch", en="Off by"),
    "ahead": Text(vi="nhanh {by}", en="{by} ahead"),
    "behind": Text(vi="chậm {by}", en="{by} behind"),
    "measured": Text(vi="Đo lúc", en="Measured"),
    "policy_refused": Text(
        vi="Không dùng được tệp HANOI_RETENTION_FILE nên tạm thời không xóa gì. Lý do (tiếng Anh): ",
        en="The file of HANOI_RETENTION_FILE can't be used, so nothing is deleted for now: ",
    ),
}

DATA_SCRIPT_TEXTS: Final = (
    *("no_policy", "keeps", "from_day", "edition", "no_compression", "never_ran", "job_deleted", "job_kept"),
    *(
        "no_day",
        "all_complete",
        "silent",
        "no_stuck",
        "no_drift",
        "no_skew",
        "refused_server",
        "policy_refused",
    ),
)
"""What the page's script says by itself."""
