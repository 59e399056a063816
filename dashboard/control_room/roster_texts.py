"""What the page of rosters says, in Vietnamese and English."""

from typing import Final

from storage.model import Text

ROSTER_TEXTS: Final[dict[str, Text]] = {
    "roster": Text(vi="Lịch trực", en="Roster"),
    "roster_hint": Text(
        vi="Lịch lấy từ tệp iCalendar; thay ca ghi ở đây có hiệu lực ngay. Giờ Hà Nội.",
        en="The plan comes from iCalendar files; covers written here count at once. Hanoi's time.",
    ),
    "roster_none": Text(
        vi="Chưa có lịch trực: thêm [roster] vào alerting.toml.",
        en="There is no roster: add a [roster] to alerting.toml.",
    ),
    "roster_in_file": Text(vi="theo tệp {file}", en="from the file {file}"),
    "roster_uploaded": Text(vi="tệp do {who} tải lên lúc {at}: {why}", en="uploaded by {who}, {at}: {why}"),
    "roster_now": Text(vi="Đang trực", en="On call now"),
    "roster_next": Text(vi="Tiếp theo", en="Next"),
    "roster_until": Text(vi="{who}, đến {at}", en="{who}, until {at}"),
    "roster_from": Text(vi="{who}, từ {at}", en="{who}, from {at}"),
    "roster_nobody": Text(vi="Không ai", en="Nobody"),
    "roster_gap": Text(
        vi="Không ai trực {span}: sẽ báo {fallback}", en="Nobody is on call {span}: {fallback} will be told"
    ),
    "roster_gap_now": Text(
        vi="BÂY GIỜ không ai trực, {span}: đang báo {fallback}",
        en="NOBODY is on call NOW, {span}: {fallback} is told",
    ),
    "roster_no_gaps": Text(
        vi="Từ nay đến hết các tuần dưới đây lúc nào cũng có người trực.",
        en="Somebody is on call at every moment of the weeks below.",
    ),
    "roster_fault": Text(vi="Lịch không dùng được", en="The calendar can't be used"),
    "roster_unknown": Text(vi="Không có trong alerting.toml: {names}", en="Not in alerting.toml: {names}"),
    "roster_week": Text(vi="{begin} – {end}", en="{begin} – {end}"),
    "roster_past": Text(vi="Các tuần trước", en="Past weeks"),
    "roster_today": Text(vi="hôm nay", en="today"),
    "roster_all_day": Text(vi="cả ngày", en="all day"),
    "roster_covered": Text(vi="thay ca", en="cover"),
    "roster_covers": Text(vi="Thay ca đang và sắp có hiệu lực", en="Covers, current and coming"),
    "roster_no_covers": Text(vi="Không có thay ca.", en="No covers."),
    "cover_said": Text(vi="{who} thay {absent}, {span}", en="{who} covers for {absent}, {span}"),
    "cover_besides": Text(vi="{who} trực thêm, {span}", en="{who} is on call besides, {span}"),
    "cover_by": Text(vi="{who}, {at}: {why}", en="{who}, {at}: {why}"),
    "cover_unknown": Text(
        vi="không còn trong alerting.toml: không có hiệu lực", en="no more in alerting.toml: it has no effect"
    ),
    "cover_new": Text(vi="Thay ca", en="Cover for somebody"),
    "cover_roster": Text(vi="Lịch", en="Roster"),
    "cover_absent": Text(vi="Người vắng", en="Who is away"),
    "cover_nobody": Text(vi="không ai: trực thêm", en="nobody: on call besides"),
    "cover_person": Text(vi="Người thay", en="Who covers"),
    "cover_from": Text(vi="Từ (dd/mm/yyyy hh:mm)", en="From (dd/mm/yyyy hh:mm)"),
    "cover_to": Text(vi="Đến (dd/mm/yyyy hh:mm)", en="Until (dd/mm/yyyy hh:mm)"),
    "cover_why": Text(vi="Lý do", en="Reason"),
    "cover_add": Text(vi="Ghi thay ca", en="Put it on the roster"),
    "cover_added": Text(vi="Đã ghi, đến {ends_words}.", en="It is on the roster, until {ends_words}."),
    "cover_remove": Text(vi="Bỏ", en="Remove"),
    "cover_remove_this": Text(vi="Bỏ: {said}", en="Remove: {said}"),
    "cover_removed": Text(vi="Đã bỏ.", en="It is removed."),
    "upload": Text(vi="Tải lịch mới (.ics)", en="Another calendar (.ics)"),
    "upload_file": Text(vi="Tệp iCalendar, tối đa 1 MB", en="iCalendar file, 1 MB at most"),
    "upload_try": Text(vi="Xem sẽ đổi gì", en="See what it changes"),
    "upload_tried": Text(vi="Chưa lưu gì. Đổi từ nay:", en="Nothing is stored yet. It changes from now on:"),
    "upload_same": Text(
        vi="Người trực không đổi trong các tuần này.", en="Nobody's duty changes in these weeks."
    ),
    "upload_change": Text(vi="{span}: {was} → {will}", en="{span}: {was} → {will}"),
    "upload_more": Text(vi="và {count} chỗ nữa", en="and {count} more"),
    "upload_gaps": Text(vi="{count} khoảng không ai trực", en="{count} times nobody is on call"),
    "upload_save": Text(vi="Lưu và áp dụng", en="Save and put in force"),
    "upload_saved": Text(vi="Đã lưu.", en="It is saved."),
    "upload_back": Text(vi="Dùng lại tệp trong alerting.toml", en="Back to the file of alerting.toml"),
    "upload_none": Text(vi="Hãy chọn tệp .ics.", en="Choose an .ics file."),
    "upload_large": Text(vi="Tệp lớn hơn 1 MB.", en="The file is larger than 1 MB."),
    "chains": Text(vi="Chuyển cấp khi không ai xác nhận", en="Escalation when nobody acknowledges"),
    "chains_none": Text(vi="Không có chuyển cấp.", en="There is no escalation."),
    "chain_step": Text(vi="sau {time}: {targets}", en="after {time}: {targets}"),
    "chain_roster": Text(
        vi="người trực {roster} (bây giờ: {who})", en="who is on call of {roster} (now: {who})"
    ),
    "chain_receiver": Text(vi="kênh {name}", en="channel {name}"),
    "chain_used": Text(vi="dùng cho: {routes}", en="used by: {routes}"),
    "chain_unused": Text(vi="không tuyến nào dùng", en="used by no route"),
    "refused_cover_span": Text(
        vi="Cho biết từ lúc nào đến lúc nào; lúc kết thúc sau lúc bắt đầu và sau bây giờ.",
        en="Say from when until when; it must end after it begins, and after now.",
    ),
    "refused_cover_long": Text(
        vi="Thay ca dài nhất {days} ngày, bắt đầu trong vòng một năm.",
        en="A cover lasts {days} days at most, and begins within a year.",
    ),
    "refused_cover_self": Text(vi="Không ai tự thay mình.", en="Nobody covers for themselves."),
    "refused_cover_not_on_call": Text(
        vi="{person} không trực lúc đó: thay ca sẽ không có tác dụng.",
        en="{person} is not on call then: the cover would change nothing.",
    ),
    "refused_no_cover": Text(
        vi="Thay ca số {id} không có, hoặc đã hết.", en="There is no cover {id}, or it is over."
    ),
    "refused_no_roster": Text(vi="Không có lịch trực {roster}.", en="There is no roster {roster}."),
    "refused_no_person": Text(
        vi="Không có người {person} trong alerting.toml.", en="There is no person {person} in alerting.toml."
    ),
    "refused_roster_fault": Text(
        vi="Lịch không dùng được: {fault}", en="The calendar can't be used: {fault}"
    ),
    "refused_roster_meanwhile": Text(
        vi="Ai đó vừa đổi lịch này: xem lại rồi thử lần nữa.",
        en="Somebody has just changed this roster: look at it, then try again.",
    ),
    "refused_alerting_unusable": Text(
        vi="alerting.toml không dùng được: {error}", en="alerting.toml can't be used: {error}"
    ),
}

ROSTER_SCRIPT_TEXTS: Final = (
    "working",
    "refused_server",
    "refused_date",
    "roster_none",
    "roster_now",
    "roster_next",
    "roster_no_gaps",
    "roster_fault",
    "roster_unknown",
    "roster_past",
    "roster_today",
    "roster_covered",
    "roster_covers",
    "roster_no_covers",
    "cover_unknown",
    "cover_nobody",
    "cover_added",
    "cover_remove",
    "cover_remove_this",
    "cover_removed",
    "upload_tried",
    "upload_same",
    "upload_change",
    "upload_more",
    "upload_gaps",
    "upload_saved",
    "upload_none",
    "upload_large",
    "chains_none",
)
"""What the page's script says by itself."""
