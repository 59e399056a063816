"""What the page of all Things and the forms that keep them say, in Vietnamese and English."""

from typing import Final

from dashboard.control_room.work_texts import WORK_SCRIPT_TEXTS
from storage.model import Text

THINGS_TEXTS: Final[dict[str, Text]] = {
    "things": Text(vi="Điểm đo", en="Things"),
    "things_find": Text(vi="Tìm theo tên hoặc mã", en="Find by name or id"),
    "things_domain": Text(vi="Lĩnh vực", en="Domain"),
    "things_ward": Text(vi="Phường, xã", en="Ward"),
    "things_state": Text(vi="Tình trạng", en="State"),
    "things_all": Text(vi="Tất cả", en="All"),
    "things_no_ward": Text(vi="Chưa rõ phường", en="No ward known"),
    "things_state_live": Text(vi="Đang gửi", en="Live"),
    "things_state_silent": Text(vi="Im lặng", en="Silent"),
    "things_state_never": Text(vi="Chưa từng gửi", en="Never heard"),
    "things_state_fault": Text(vi="Thiết bị lỗi", en="Sensor fault"),
    "things_state_retired": Text(vi="Ngừng sử dụng", en="Retired"),
    "things_newest": Text(vi="mới nhất", en="newest"),
    "things_parts": Text(vi="Cả từng ô đỗ", en="With each bay"),
    "things_none": Text(vi="Không có điểm đo nào như vậy.", en="No such Things."),
    "things_more": Text(vi="Còn {count} điểm nữa: hãy lọc thêm.", en="{count} more: narrow it down."),
    "things_not_public": Text(vi="Không công khai", en="Not public"),
    "things_origin_file": Text(vi="theo tệp danh mục", en="as the inventory's file says"),
    "things_origin_held": Text(vi="sửa trên trang, giống tệp", en="set by page, as the file says"),
    "things_origin_differs": Text(vi="sửa trên trang, khác tệp", en="set by page, the file says otherwise"),
    "things_origin_page": Text(vi="chỉ có trên trang", en="by page only"),
    "things_csv": Text(vi="Tải CSV", en="Download CSV"),
    "things_excel": Text(vi="Tải cho Excel", en="Download for Excel"),
    "things_new": Text(vi="Thêm điểm đo", en="Add a Thing"),
    "things_new_do": Text(vi="Thêm", en="Add"),
    "things_made": Text(
        vi="Đã thêm {id}. Hệ thống nhận số liệu của điểm này trong vài giây nữa.",
        en="{id} is there. Within seconds its data is taken.",
    ),
    "things_kind": Text(vi="Loại", en="Kind"),
    "things_name_vi": Text(vi="Tên tiếng Việt", en="Name in Vietnamese"),
    "things_name_en": Text(vi="Tên tiếng Anh", en="Name in English"),
    "things_id": Text(vi="Mã (không đổi được về sau)", en="Id (for good)"),
    "things_id_hint": Text(
        vi="a–z, 0–9, _ và -. Thiết bị gửi đến {topic}.", en="a–z, 0–9, _ and -. Its device sends to {topic}."
    ),
    "things_place": Text(vi="Vị trí", en="Place"),
    "things_by_ward": Text(vi="Theo phường, xã (lấy tâm)", en="By ward (its centre)"),
    "things_no_place": Text(vi="Không đặt trên bản đồ", en="Not on the map"),
    "things_lat": Text(vi="Vĩ độ", en="Latitude"),
    "things_lon": Text(vi="Kinh độ", en="Longitude"),
    "things_pick": Text(vi="Chọn trên bản đồ", en="Pick on the map"),
    "things_pick_hint": Text(
        vi="Bấm vào bản đồ, hoặc di chuyển bản đồ bằng phím mũi tên rồi chọn điểm giữa.",
        en="Press on the map, or move it with the arrow keys and take its middle.",
    ),
    "things_pick_middle": Text(vi="Lấy điểm giữa", en="Take the middle"),
    "things_picked": Text(vi="Đã chọn {place}", en="Chosen: {place}"),
    "things_in_ward": Text(vi="Thuộc {ward} (theo tâm gần nhất)", en="In {ward} (by the nearest centre)"),
    "things_trust": Text(vi="Độ tin cậy của tọa độ", en="Trust of the coordinate"),
    "things_place_source": Text(vi="Tọa độ lấy từ đâu", en="Where the coordinate is from"),
    "things_source_map": Text(vi="chọn trên bản đồ", en="picked on the map"),
    "things_source_ward": Text(vi="tâm {ward}", en="centre of {ward}"),
    "things_properties": Text(vi="Đo những gì", en="What it measures"),
    "things_public": Text(vi="Công khai cho người dân", en="Public to citizens"),
    "things_note": Text(vi="Ghi chú cho người vận hành", en="Notes for operators"),
    "things_degrees": Text(vi="Tọa độ viết như 21,0285.", en="Write coordinates like 21.0285."),
    "bulk": Text(vi="Thêm, sửa nhiều điểm bằng CSV", en="Many at once, by CSV"),
    "bulk_hint": Text(
        vi="UTF-8; dấu phẩy hoặc chấm phẩy; nhận cả tệp Excel tiếng Việt. Nhiều nhất 2.000 dòng, 1 MB. Ô trống giữ"
        " nguyên giá trị. Tọa độ khác là sửa tọa độ; dời điểm thì làm ở trang của điểm.",
        en="UTF-8; commas or semicolons; Vietnamese Excel's files too. At most 2,000 lines, 1 MB. An empty cell leaves"
        " what is. Another coordinate is a correction; a move is made on the Thing's page.",
    ),
    "bulk_template": Text(vi="Tệp mẫu", en="Template"),
    "bulk_template_excel": Text(vi="Tệp mẫu cho Excel", en="Template for Excel"),
    "bulk_file": Text(vi="Tệp CSV", en="CSV file"),
    "bulk_check": Text(vi="Xem thử", en="Dry run"),
    "bulk_apply": Text(vi="Thực hiện", en="Apply"),
    "bulk_no_file": Text(vi="Hãy chọn tệp.", en="Choose a file."),
    "bulk_line": Text(vi="Dòng", en="Line"),
    "bulk_id": Text(vi="Mã", en="Id"),
    "bulk_becomes": Text(vi="Kết quả", en="Outcome"),
    "bulk_why": Text(vi="Chi tiết", en="Details"),
    "bulk_made": Text(vi="thêm mới", en="made"),
    "bulk_changed": Text(vi="sửa", en="changed"),
    "bulk_same": Text(vi="giữ nguyên", en="as it is"),
    "bulk_refused": Text(vi="từ chối", en="refused"),
    "bulk_words": Text(
        vi="{made} thêm mới, {changed} sửa, {same} giữ nguyên, {refused} bị từ chối.",
        en="{made} made, {changed} changed, {same} as they are, {refused} refused.",
    ),
    "bulk_dry": Text(vi="Chưa thay đổi gì.", en="Nothing has changed yet."),
    "bulk_mend": Text(
        vi="Sửa các dòng bị từ chối rồi xem thử lại: tệp được thực hiện trọn vẹn hoặc không gì cả.",
        en="Mend the refused lines and try again: a file is applied whole or not at all.",
    ),
    "bulk_done": Text(vi="Đã thực hiện.", en="Applied."),
    "bulk_looking": Text(vi="Xem từng dòng", en="Looking at each line"),
    "bulk_applying": Text(vi="Thực hiện từng dòng", en="Applying each line"),
    "bulk_reached": Text(vi="{done} / {of} dòng", en="{done} of {of} lines"),
    "bulk_stopped": Text(vi="Đã hủy. Chưa thay đổi gì.", en="Cancelled. Nothing has changed."),
    "bulk_makes": Text(vi="{name} ({domain})", en="{name} ({domain})"),
    "bulk_in_column": Text(vi="Cột {column}: ", en="Column {column}: "),
    "bulk_fault_twice": Text(vi="mã này đã có ở dòng {line}", en="this id stands in line {line} too"),
    "bulk_fault_surplus": Text(
        vi="nhiều ô hơn dòng đầu: ô có dấu phân cách phải đặt trong ngoặc kép",
        en="more cells than the head: put a cell with a separator in quotes",
    ),
    "bulk_fault_id": Text(
        vi="phải gồm 1–64 ký tự a–z, 0–9, _ hoặc -, như tram-mua-01",
        en="1 to 64 of a–z, 0–9, _ or -, such as rain-gauge-01",
    ),
    "bulk_fault_domain": Text(vi="phải là một trong: {domains}", en="one of: {domains}"),
    "bulk_fault_kind": Text(vi="phải là một trong: {kinds}", en="one of: {kinds}"),
    "bulk_fault_name": Text(vi="cần 1–200 ký tự hiển thị được", en="1 to 200 characters that can be shown"),
    "bulk_fault_degrees": Text(
        vi="phải là số từ −{most} đến {most}, như {right}",
        en="a number from −{most} to {most}, such as {right}",
    ),
    "bulk_fault_trust": Text(
        vi="phải là V (đã kiểm chứng), M (gần đúng) hoặc S (giả định)",
        en="V (verified), M (approximate) or S (made up)",
    ),
    "bulk_fault_properties": Text(
        vi="không có {unknown}; lĩnh vực này có: {properties}",
        en="no {unknown}; this domain has: {properties}",
    ),
    "bulk_fault_public": Text(vi="phải là 1 hoặc 0 (có, không)", en="1 or 0 (yes, no)"),
    "bulk_fault_parent": Text(
        vi="phải là mã của một điểm khác trong cùng lĩnh vực", en="the id of another Thing of the same domain"
    ),
    "bulk_fault_fixed": Text(
        vi="không đổi được, hiện là {is}: để trống hoặc ghi đúng như vậy",
        en="it can't change and is {is}: leave it empty or write just that",
    ),
    "bulk_fault_too_long": Text(vi="nhiều nhất {most} ký tự", en="at most {most} characters"),
    "refused_bulk_empty": Text(vi="Tệp không có dòng nào.", en="The file has no lines."),
    "refused_bulk_column": Text(
        vi="Dòng {line}: không có cột “{column}”. Các cột: {columns}.",
        en="Line {line}: there is no column '{column}'. There are: {columns}.",
    ),
    "refused_bulk_column_twice": Text(
        vi="Dòng {line}: cột “{column}” có hai lần.", en="Line {line}: column '{column}' is there twice."
    ),
    "refused_bulk_no_id": Text(
        vi="Dòng {line}: thiếu cột id. Hãy bắt đầu từ tệp mẫu.",
        en="Line {line}: there is no column id. Begin with the template.",
    ),
    "refused_bulk_encoding": Text(
        vi="Dòng {line}: không phải UTF-8. Trong Excel hãy lưu dạng “CSV UTF-8”.",
        en="Line {line}: not UTF-8. In Excel save as 'CSV UTF-8'.",
    ),
    "refused_bulk_quotes": Text(
        vi="Dòng {line}: dấu ngoặc kép không khép.", en="Line {line}: a quotation mark is not closed."
    ),
    "refused_bulk_too_many": Text(
        vi="Dòng {line}: nhiều nhất {most} dòng một tệp.", en="Line {line}: at most {most} lines in a file."
    ),
    "refused_bulk_too_large": Text(vi="Tệp lớn nhất 1 MB.", en="A file has 1 MB at most."),
    "refused_bulk_changed": Text(
        vi="Danh mục vừa thay đổi từ lúc xem thử. Hãy xem thử lại.",
        en="Things changed since the dry run. Run it again.",
    ),
    "refused_bulk_refused": Text(
        vi="Tệp còn dòng bị từ chối: chưa thực hiện gì.",
        en="The file has refused lines: nothing was applied.",
    ),
    "refused_bulk_line": Text(
        vi="Dòng {line} ({thing}) bị từ chối: chưa thực hiện gì.",
        en="Line {line} ({thing}) is refused: nothing was applied.",
    ),
    "kept_title": Text(vi="Quản lý điểm đo", en="Keeping this Thing"),
    "kept_no_file": Text(
        vi="Điểm này chỉ có trên trang; không tệp danh mục nào nêu tên.",
        en="This Thing is by page only; no inventory file names it.",
    ),
    "kept_file": Text(
        vi="Theo tệp danh mục, đọc lần cuối {at}.", en="As the inventory's file says, loaded last {at}."
    ),
    "kept_file_held": Text(
        vi="Tệp danh mục đọc lần cuối {at}. Những mục sau do người vận hành đặt và đang có hiệu lực:",
        en="The inventory's file was loaded last {at}. These were set by an operator and are in force:",
    ),
    "held_kind": Text(vi="Loại", en="Kind"),
    "held_name": Text(vi="Tên", en="Names"),
    "held_place": Text(vi="Vị trí", en="Place"),
    "held_public": Text(vi="Công khai", en="Public"),
    "held_attributes": Text(vi="Thuộc tính", en="Attributes"),
    "held_by": Text(vi="{who} đặt lúc {at}", en="set by {who}, {at}"),
    "held_in_force": Text(vi="Đang có hiệu lực (trang)", en="In force (page)"),
    "held_file": Text(vi="Tệp ghi (không có hiệu lực)", en="The file says (not in force)"),
    "held_same": Text(vi="Tệp cũng ghi như vậy.", en="The file says the same."),
    "held_differs": Text(vi="Tệp ghi khác, như lúc sửa.", en="The file says otherwise, as it did then."),
    "held_file_changed": Text(
        vi="Tệp đã đổi sau khi sửa trên trang (tệp mới đọc {at}).",
        en="The file changed after this was set (new file loaded {at}).",
    ),
    "held_follow": Text(vi="Lấy theo tệp", en="Follow the file"),
    "held_follow_of": Text(vi="{name}: lấy theo tệp", en="{name}: follow the file"),
    "places_title": Text(vi="Lịch sử vị trí", en="Location history"),
    "places_always": Text(vi="Từ đầu đến nay", en="From the start until now"),
    "places_since": Text(vi="Từ {at} đến nay", en="Since {at}"),
    "places_until": Text(vi="Từ đầu đến {at}", en="From the start until {at}"),
    "places_span": Text(vi="{start} – {end}", en="{start} – {end}"),
    "places_why": Text(vi="{reason} ({who})", en="{reason} ({who})"),
    "places_hint": Text(
        vi="Bản đồ hiện vị trí hiện nay; phát lại hiện vị trí lúc đó.",
        en="The map shows the present place; a replay the one of then.",
    ),
    "sensors_title": Text(vi="Đầu đo đã thay", en="Replaced sensors"),
    "sensors_none": Text(vi="Chưa thay đầu đo nào.", en="No sensor was replaced."),
    "sensor_calibration": Text(vi="× {gain} {sign} {offset}", en="× {gain} {sign} {offset}"),
    "retired_words": Text(
        vi="Ngừng sử dụng từ {at}: {reason} ({who}). Số liệu cũ vẫn giữ; số liệu từ lúc đó"
        " bị từ chối và được lưu nguyên.",
        en="Retired from {at} on: {reason} ({who}). Its history stays; what it sends of later"
        " is refused and kept whole.",
    ),
    "kept_edit": Text(vi="Sửa", en="Edit"),
    "kept_move": Text(vi="Dời", en="Move"),
    "kept_sensor": Text(vi="Thay đầu đo", en="Replace a sensor"),
    "kept_retire": Text(vi="Ngừng sử dụng", en="Retire"),
    "kept_back": Text(vi="Đưa vào sử dụng lại", en="Bring back"),
    "kept_since": Text(vi="Từ lúc (giờ Hà Nội)", en="Since (Hanoi's time)"),
    "kept_reason": Text(vi="Lý do", en="Reason"),
    "kept_attributes": Text(
        vi="Thuộc tính, mỗi dòng một: tên: giá trị", en="Attributes, one a line: name: value"
    ),
    "kept_attributes_line": Text(
        vi="Thuộc tính, dòng {line}: hãy viết tên: giá trị", en="Attributes, line {line}: write name: value"
    ),
    "kept_edit_place": Text(
        vi="Sửa tọa độ (điểm không dời; để trống: giữ nguyên)",
        en="A better coordinate (it did not move; empty: as it is)",
    ),
    "kept_more": Text(vi="Đo thêm", en="Measures as well"),
    "kept_model": Text(vi="Kiểu máy", en="Model"),
    "kept_serial": Text(vi="Số sê-ri", en="Serial number"),
    "kept_gain": Text(vi="Hệ số (nhân)", en="Gain"),
    "kept_offset": Text(vi="Độ lệch (cộng)", en="Offset"),
    "kept_calibration_note": Text(vi="Chứng nhận hiệu chuẩn", en="Calibration certificate"),
    "kept_sensor_hint": Text(
        vi="Chuỗi số liệu tiếp tục liền mạch; hiệu chuẩn của đầu đo cũ hết hiệu lực từ lúc thay; bộ đếm mất thông điệp"
        " và đồng hồ bắt đầu lại.",
        en="The series goes on unbroken; the old sensor's calibration ends then; the loss meter"
        " and the clock begin anew.",
    ),
    "kept_edited": Text(vi="Đã sửa.", en="Edited."),
    "kept_moved": Text(vi="Đã ghi việc dời.", en="The move is recorded."),
    "kept_replaced": Text(vi="Đã ghi việc thay đầu đo.", en="The replacement is recorded."),
    "kept_retired": Text(vi="Đã ngừng sử dụng.", en="It is retired."),
    "kept_brought_back": Text(
        vi="Đã đưa vào sử dụng lại; {stored} thông điệp bị từ chối trước đó đã được lưu.",
        en="It is in service again; {stored} messages that had been refused are stored.",
    ),
    "kept_followed": Text(vi="Đã lấy theo tệp.", en="It follows the file."),
    "kept_number": Text(vi="{field}: hãy viết một số.", en="{field}: write a number."),
    "field_parent": Text(vi="Thuộc điểm", en="Parent"),
    "field_note": Text(vi="Ghi chú", en="Notes"),
    "field_model": Text(vi="Kiểu máy", en="Model"),
    "field_serial": Text(vi="Số sê-ri", en="Serial number"),
    "field_calibration": Text(vi="Hiệu chuẩn", en="Calibration"),
    "field_calibration_note": Text(vi="Chứng nhận hiệu chuẩn", en="Calibration certificate"),
    "refused_thing_field": Text(vi="{field}: không dùng được như vậy.", en="{field}: it can't be so."),
    "refused_thing_exists": Text(vi="Đã có điểm đo mã {id}.", en="There is a Thing {id} already."),
    "refused_thing_attributes": Text(
        vi="Thuộc tính không dùng được: {fault}", en="The attributes can't be so: {fault}"
    ),
    "refused_thing_property": Text(
        vi="Lĩnh vực {domain} không có đại lượng {property} mà thiết bị gửi được.",
        en="Domain {domain} has no property {property} that a device may send.",
    ),
    "refused_thing_same_place": Text(vi="Điểm đang ở đúng chỗ đó.", en="It stands there already."),
    "refused_thing_before_last": Text(
        vi="Phải sau lần đổi trước ({at}).", en="It must be after the last change ({at})."
    ),
    "refused_thing_since": Text(
        vi="Hãy ghi từ lúc nào; không được sau bây giờ.", en="Say since when; it can't be after now."
    ),
    "refused_thing_yes_or_no": Text(
        vi="{property} là có hoặc không: không hiệu chuẩn được.",
        en="{property} is yes or no: such are not calibrated.",
    ),
    "refused_thing_is_retired": Text(vi="Điểm này đã ngừng sử dụng.", en="It is retired already."),
    "refused_thing_in_service": Text(vi="Điểm này đang được sử dụng.", en="It is in service."),
    "refused_thing_not_held": Text(
        vi="Mục này đã theo tệp, hoặc không tệp nào nêu điểm này.",
        en="It follows the file already, or no file names this Thing.",
    ),
    "reason_retired_thing": Text(vi="Điểm đo đã ngừng sử dụng", en="Retired Thing"),
}

_PLACE_TEXTS: Final = (
    *("things_by_ward", "things_lat", "things_lon", "things_trust", "things_place_source", "things_pick"),
    *("things_pick_hint", "things_pick_middle"),
    *("things_no_place", "things_picked", "things_in_ward", "things_source_map", "things_source_ward"),
    *("things_degrees", "attribution", "zoom_in", "zoom_out", "things_no_ward", "map"),
)
THINGS_SCRIPT_TEXTS: Final = (
    *(
        "working",
        "refused_server",
        "refused_date",
        "things_all",
        "things_none",
        "things_more",
        "things_newest",
    ),
    *(
        "things_not_public",
        "things_made",
        "things_id_hint",
        "bulk",
        "bulk_no_file",
        "bulk_dry",
        "bulk_mend",
        "bulk_done",
    ),
    *_PLACE_TEXTS,
    *WORK_SCRIPT_TEXTS,
)
KEPT_SCRIPT_TEXTS: Final = (
    *(
        "held_in_force",
        "held_file",
        "held_follow",
        "held_follow_of",
        "sensors_none",
        "kept_edited",
        "kept_moved",
    ),
    *(
        "kept_replaced",
        "kept_retired",
        "kept_brought_back",
        "kept_followed",
        "kept_number",
        "kept_attributes_line",
    ),
    *("kept_gain", "kept_offset", "things_not_public", *_PLACE_TEXTS),
)
"""What the pages' scripts say by themselves."""
