"""What the page of unclaimed devices says, in Vietnamese and English."""

from typing import Final

from dashboard.control_room.work_texts import WORK_SCRIPT_TEXTS
from storage.model import Text

DEVICE_TEXTS: Final[dict[str, Text]] = {
    "overview": Text(vi="Tổng quan", en="Overview"),
    "operators_only": Text(
        vi="Trang này chỉ dành cho người vận hành.", en="This page is for operators and administrators only."
    ),
    "devices_hint": Text(
        vi="Đang gửi dữ liệu nhưng chưa ai biết là gì. Khi một thiết bị được nhận, những gì nó đã gửi được lưu.",
        en="They send, and nobody knows what they are. Once a device is claimed, what it has sent is stored.",
    ),
    "no_devices": Text(vi="Mọi thiết bị đang gửi đều đã biết.", en="Every device that sends is known."),
    "source": Text(vi="nguồn", en="source"),
    "messages": Text(vi="thông điệp", en="messages"),
    "first_seen": Text(vi="lần đầu", en="first"),
    "claim": Text(vi="Nhận", en="Claim"),
    "claim_title": Text(vi="Nhận thiết bị", en="Claim a device"),
    "claim_choose": Text(
        vi="Chọn một thiết bị trong danh sách.", en="Choose a device from the list of unclaimed ones."
    ),
    "claim_existing": Text(vi="Là thiết bị đã có", en="It is one that we have"),
    "claim_new": Text(vi="Là thiết bị mới", en="It is a new one"),
    "thing": Text(vi="Thiết bị (gõ để tìm)", en="Thing (type to search)"),
    "thing_id": Text(vi="Mã: a–z 0–9 _ -", en="Id: a–z 0–9 _ -"),
    "domain": Text(vi="Lĩnh vực", en="Domain"),
    "kind": Text(vi="Loại", en="Kind"),
    "name_vi": Text(vi="Tên tiếng Việt", en="Vietnamese name"),
    "name_en": Text(vi="Tên tiếng Anh", en="English name"),
    "lat": Text(vi="Vĩ độ", en="Latitude"),
    "lon": Text(vi="Kinh độ", en="Longitude"),
    "place_source": Text(vi="Ai cho biết vị trí", en="Who says where it stands"),
    "place_hint": Text(
        vi="Không bắt buộc. Vị trí được ghi là gần đúng (M).", en="Optional. Kept as approximate (trust M)."
    ),
    "public": Text(vi="Hiện trên trang công dân", en="Show on the citizens' pages"),
    "claimed": Text(vi="{device} là {thing}.", en="{device} is {thing}."),
    "claimed_before": Text(vi="{device} đã là {thing} từ trước.", en="{device} was {thing} before."),
    "reprocessed": Text(
        vi="Đã xử lý lại {messages} thông điệp: {resolved} không còn lỗi, {open} còn lỗi; lưu mới {written} giá trị.",
        en="{messages} messages reprocessed: {resolved} are in order, {open} still wrong; {written} values stored.",
    ),
    "skipped": Text(
        vi="Bỏ qua {skipped}: nguồn không có trong HANOI_SOURCES_FILE.",
        en="{skipped} left alone: their source is not in HANOI_SOURCES_FILE.",
    ),
    "reprocessing": Text(vi="Đang xử lý lại", en="Reprocessing"),
    "reprocess_left": Text(
        vi="Đã hủy; phần còn lại có thể xử lý lại sau.", en="Cancelled; the rest can be reprocessed later."
    ),
    "working": Text(vi="Đang xử lý…", en="Working…"),
    "open_title": Text(vi="Thông điệp còn lỗi, theo lý do", en="Open rejections by reason"),
    "open_hint": Text(
        vi="Sau khi đã sửa nguyên nhân, bấm để thử lưu lại. Làm lại nhiều lần không hại gì.",
        en="Once the cause is mended, try to store them. Doing it again does no harm.",
    ),
    "no_open": Text(vi="Không còn thông điệp lỗi nào.", en="No rejection is open."),
    "reprocess": Text(vi="Xử lý lại", en="Reprocess"),
    "reason": Text(vi="Lý do", en="Reason"),
    "count": Text(vi="Số lượng", en="Number"),
    "oldest": Text(vi="Cũ nhất", en="Oldest"),
    "load_title": Text(vi="Nạp tệp CSV", en="Load a CSV file"),
    "load_hint": Text(
        vi="Tối đa 8 MB. Thử trước: không ghi gì. Nạp lại cùng một tệp không lưu hai lần.",
        en="At most 8 MB. Try it first: nothing is written. Loading a file again stores nothing twice.",
    ),
    "no_sources": Text(
        vi="HANOI_SOURCES_FILE không có nguồn nào dùng csv_table.",
        en="HANOI_SOURCES_FILE has no source with the decoder csv_table.",
    ),
    "load_source": Text(vi="Nguồn", en="Source"),
    "file": Text(vi="Tệp", en="File"),
    "try": Text(vi="Thử", en="Try"),
    "store": Text(vi="Lưu", en="Store"),
    "tried": Text(
        vi="Thử: {observations} giá trị; {written} mới, {duplicate} đã có, {corrected} sửa lại; {faults} lỗi.",
        en="Trial: {observations} values; {written} new, {duplicate} known, {corrected} corrections; {faults} faults.",
    ),
    "stored": Text(
        vi="Đã lưu: {observations} giá trị; {written} mới, {duplicate} đã có, {corrected} sửa lại; {faults} lỗi.",
        en="Stored: {observations} values; {written} new, {duplicate} known, {corrected} corrections; {faults} faults.",
    ),
    "time_span": Text(vi="Từ {first} đến {last}.", en="From {first} to {last}."),
    "load_unknown": Text(vi="Thiết bị chưa biết: {devices}.", en="Unknown devices: {devices}."),
    "more_faults": Text(vi="… và {count} lỗi nữa", en="… and {count} more faults"),
    "faults": Text(vi="Lỗi", en="Faults"),
    "sample": Text(vi="Những giá trị đầu tiên", en="The first values"),
    "field_domain": Text(vi="Lĩnh vực", en="Domain"),
    "field_id": Text(vi="Mã", en="Id"),
    "field_kind": Text(vi="Loại", en="Kind"),
    "field_properties": Text(vi="Đại lượng", en="Properties"),
    "field_device": Text(vi="Thiết bị gửi", en="Device"),
    "field_thing": Text(vi="Thiết bị", en="Thing"),
    "field_source": Text(vi="Nguồn", en="Source"),
    "field_reason": Text(vi="Lý do", en="Reason"),
    "field_name_vi": Text(vi="Tên tiếng Việt", en="Vietnamese name"),
    "field_name_en": Text(vi="Tên tiếng Anh", en="English name"),
    "field_place": Text(vi="Vị trí", en="Place"),
    "field_place_source": Text(vi="Ai cho biết vị trí", en="Who says where it stands"),
    "refused_no_thing": Text(vi="Không có thiết bị '{thing}'.", en="There is no Thing '{thing}'."),
    "refused_claimed": Text(
        vi="Thiết bị này đã được nhận là '{thing}'. Hãy bỏ nhận trước (hanoi-ingest unclaim).",
        en="This device is claimed as '{thing}' already: unclaim it first (hanoi-ingest unclaim).",
    ),
    "refused_thing": Text(
        vi="Không thêm được '{thing}': mã đã có, hoặc không lưu được.",
        en="'{thing}' can't be added: the id is taken, or it can't be stored.",
    ),
    "refused_field": Text(vi="{field}: giá trị không hợp lệ.", en="{field}: not a valid value."),
    "refused_native_id": Text(
        vi="Thiết bị gửi theo chuẩn của thành phố phải giữ mã '{thing}'.",
        en="A device that sends in the city's own format keeps its id: '{thing}'.",
    ),
    "refused_is_a_thing": Text(
        vi="'{thing}' là một thiết bị đã có: những gì nó gửi theo chuẩn của thành phố là của chính nó.",
        en="'{thing}' is a Thing itself: what it sends in the city's own format is its own.",
    ),
    "refused_source": Text(
        vi="Nguồn '{source}' không có trong HANOI_SOURCES_FILE.",
        en="Source '{source}' is not in HANOI_SOURCES_FILE.",
    ),
    "refused_file_says": Text(
        vi="HANOI_SOURCES_FILE ghi thiết bị này là '{thing}': hãy sửa ở đó.",
        en="HANOI_SOURCES_FILE says that this device is '{thing}': mend it there.",
    ),
    "refused_request": Text(
        vi="Yêu cầu không đúng: hãy kiểm tra các ô.", en="Something is missing or wrong: check the fields."
    ),
    "refused_too_large": Text(vi="Tệp lớn hơn 8 MB.", en="The file is larger than 8 MB."),
    "refused_sources_file": Text(
        vi="Không dùng được HANOI_SOURCES_FILE: {fault}", en="HANOI_SOURCES_FILE can't be used: {fault}"
    ),
    "refused_database": Text(
        vi="Cơ sở dữ liệu không trả lời. Hãy thử lại; những gì đã lưu vẫn còn.",
        en="The database does not answer. Try again; what was stored stays stored.",
    ),
    "refused_server": Text(vi="Máy chủ không trả lời.", en="The server does not answer."),
}

DEVICE_SCRIPT_TEXTS: Final = (
    *(
        "thing_page",
        "no_devices",
        "source",
        "messages",
        "first_seen",
        "claim",
        "claimed",
        "claimed_before",
        "reprocessed",
    ),
    *("skipped", "working", "no_open", "reprocess", "tried", "stored", "time_span", "load_unknown"),
    *("reprocessing", "reprocess_left", *WORK_SCRIPT_TEXTS),
    *("more_faults", "faults", "sample", "refused_server", "no_sources", "claim_choose"),
)
"""What the page's script says by itself."""
