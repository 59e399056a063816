"""What the pages of boards say, in Vietnamese and English."""

from typing import Final

from dashboard.control_room.domains.texts import CHART_SCRIPT_TEXTS
from storage.model import Text

BOARD_TEXTS: Final[dict[str, Text]] = {
    "boards": Text(vi="Bảng riêng", en="Boards"),
    "boards_hint": Text(
        vi="Ghim biểu đồ từ trang lĩnh vực, trang điểm đo và trang So sánh, rồi xếp theo ý mình.",
        en="Pin charts of domain pages, Thing pages and Explore here, and arrange them as you like.",
    ),
    "boards_mine": Text(vi="Của tôi", en="Mine"),
    "boards_others": Text(vi="Người khác chia sẻ", en="Shared by others"),
    "boards_none": Text(vi="Chưa có bảng nào.", en="There is no board yet."),
    "boards_new": Text(vi="Lập bảng", en="New board"),
    "boards_title": Text(vi="Tên bảng", en="Name"),
    "boards_import": Text(vi="Nhập từ tệp JSON", en="Import a JSON file"),
    "boards_import_hint": Text(
        vi="Tệp đã xuất từ một bảng, cả từ nơi khác. Điều gì sai sẽ được nêu rõ.",
        en="A file that was exported from a board, here or elsewhere. What is wrong with it is named.",
    ),
    "board_number": Text(vi="Bảng số {id}", en="Board {id}"),
    "board_panels": Text(vi="{count} ô", en="{count} panels"),
    "board_private": Text(vi="riêng", en="private"),
    "board_shared": Text(vi="mọi người xem được", en="everybody sees it"),
    "board_owner": Text(vi="của {who}", en="of {who}"),
    "board_changed_by": Text(vi="{who} sửa lúc {at}", en="changed by {who}, {at}"),
    "board_arrange": Text(vi="Sắp xếp", en="Arrange"),
    "board_share": Text(vi="Mọi người xem được", en="Everybody may see it"),
    "board_export": Text(vi="Xuất JSON", en="Export as JSON"),
    "board_wall": Text(vi="Màn hình tường", en="Wall screen"),
    "board_delete": Text(vi="Xóa bảng", en="Delete the board"),
    "board_delete_sure": Text(
        vi="Bảng biến mất khỏi mọi màn hình; nhật ký vẫn ghi lại.",
        en="It goes from every screen; the audit still knows of it.",
    ),
    "board_add_title": Text(vi="Thêm tiêu đề", en="Add a heading"),
    "board_add_text": Text(vi="Thêm ghi chú", en="Add a text"),
    "board_words": Text(vi="Nội dung", en="Text"),
    "board_new_title": Text(vi="Tiêu đề", en="Heading"),
    "board_new_text": Text(vi="Ghi chú", en="Text"),
    "board_empty": Text(
        vi="Bảng này chưa có ô nào. Dùng nút «Ghim vào bảng» ở trang lĩnh vực, trang điểm đo hoặc trang So sánh.",
        en="Nothing is pinned yet. Use “Pin to a board” on a domain page, a Thing page or Explore.",
    ),
    "board_saved": Text(vi="Đã lưu.", en="Saved."),
    "board_saving": Text(vi="Đang lưu…", en="Saving…"),
    "board_reload": Text(vi="Nạp lại bảng", en="Load it again"),
    "board_read_only": Text(
        vi="Chỉ {who} và quản trị viên sửa được bảng này.",
        en="Only {who} and administrators change this board.",
    ),
    "board_earlier": Text(vi="Lên trước: {title}", en="Move earlier: {title}"),
    "board_later": Text(vi="Ra sau: {title}", en="Move later: {title}"),
    "board_width": Text(vi="Số cột: {title}", en="Columns: {title}"),
    "board_remove": Text(vi="Bỏ khỏi bảng: {title}", en="Take off the board: {title}"),
    "board_drag": Text(vi="Kéo để xếp lại", en="Drag to arrange"),
    "board_place": Text(vi="{title}: ô {n} trên {count}.", en="{title}: panel {n} of {count}."),
    "board_source": Text(vi="Mở trang gốc", en="Open its page"),
    "board_retry": Text(vi="Thử lại", en="Try again"),
    "board_no_panel": Text(
        vi="Không có ô «{panel}» ở đây: tên khác, hoặc đã bị bỏ.",
        en="There is no panel “{panel}” here: it is called otherwise, or is no more.",
    ),
    "board_no_series": Text(vi="Không có chuỗi «{series}» ở đây.", en="There is no series “{series}” here."),
    "pin": Text(vi="Ghim vào bảng", en="Pin to a board"),
    "pin_of": Text(vi="Ghim vào bảng: {title}", en="Pin to a board: {title}"),
    "pin_board": Text(vi="Bảng", en="Board"),
    "pin_new": Text(vi="Bảng mới", en="New board"),
    "pin_do": Text(vi="Ghim", en="Pin"),
    "pin_cancel": Text(vi="Thôi", en="Cancel"),
    "pin_done": Text(vi="Đã ghim.", en="Pinned."),
    "pin_open": Text(vi="Mở bảng", en="Open the board"),
    "pin_nothing": Text(vi="Chưa có gì để ghim.", en="There is nothing to pin yet."),
    "refused_board_gone": Text(
        vi="Bảng này không có, đã bị xóa, hoặc không được chia sẻ với bạn.",
        en="There is no such board, it was deleted, or it is not shared with you.",
    ),
    "refused_board_not_yours": Text(
        vi="Chỉ người lập bảng và quản trị viên sửa được.", en="Only its owner and administrators change it."
    ),
    "refused_board_changed": Text(
        vi="Có người vừa sửa bảng này. Thay đổi của bạn chưa được lưu.",
        en="Somebody has changed this board meanwhile. What you did is not saved.",
    ),
    "refused_board_full": Text(
        vi="Một bảng có nhiều nhất {most} ô.", en="A board has at most {most} panels."
    ),
    "refused_board_many": Text(vi="Mỗi người có nhiều nhất {most} bảng.", en="At most {most} boards each."),
    "refused_board_large": Text(vi="Tệp lớn hơn {most} KB.", en="It is larger than {most} KB."),
    "refused_board_faults": Text(vi="Không nhận được: {faults}.", en="It can't be taken: {faults}."),
    "board_file_itself": Text(vi="tệp", en="the file"),
    "board_panel_number": Text(vi="ô {n}", en="panel {n}"),
    "board_more_faults": Text(vi="và {count} lỗi khác", en="and {count} more"),
    "board_fault": Text(vi="không đúng", en="is not right"),
    "board_fault_json_invalid": Text(vi="không phải JSON", en="is no JSON"),
    "board_fault_missing": Text(vi="thiếu", en="is missing"),
    "board_fault_extra_forbidden": Text(vi="không ai biết trường này", en="nobody knows this field"),
    "board_fault_literal_error": Text(vi="phải là {expected}", en="must be {expected}"),
    "board_fault_greater_than_equal": Text(vi="ít nhất là {ge}", en="must be {ge} at least"),
    "board_fault_less_than_equal": Text(vi="nhiều nhất là {le}", en="must be {le} at most"),
    "board_fault_string_type": Text(vi="phải là chữ", en="must be text"),
    "board_fault_int_type": Text(vi="phải là số nguyên", en="must be a whole number"),
    "board_fault_bool_type": Text(vi="phải là true hoặc false", en="must be true or false"),
    "board_fault_list_type": Text(vi="phải là danh sách", en="must be a list"),
    "board_fault_dict_type": Text(vi="phải là đối tượng", en="must be an object"),
    "board_fault_model_type": Text(vi="phải là đối tượng", en="must be an object"),
    "board_fault_model_attributes_type": Text(vi="phải là đối tượng", en="must be an object"),
    "board_fault_string_too_long": Text(
        vi="dài nhất {max_length} ký tự", en="has at most {max_length} characters"
    ),
    "board_fault_string_too_short": Text(vi="không được trống", en="can't be empty"),
    "board_fault_string_pattern_mismatch": Text(vi="không đúng dạng", en="is not written so"),
    "board_fault_too_long": Text(vi="nhiều nhất {max_length}", en="has at most {max_length}"),
    "board_fault_too_short": Text(vi="ít nhất {min_length}", en="has at least {min_length}"),
    "board_fault_union_tag_invalid": Text(
        vi="không có loại ô «{tag}»; có: {expected_tags}",
        en="there is no kind {tag}; there are {expected_tags}",
    ),
    "board_fault_union_tag_not_found": Text(vi="thiếu kind", en="kind is missing"),
}

PIN_SCRIPT_TEXTS: Final = (
    *("pin", "pin_of", "pin_board", "pin_new", "pin_do", "pin_cancel", "pin_done", "pin_open", "pin_nothing"),
    *("boards_title", "working", "refused_server"),
)
"""What the button says that pins a panel, on whichever page."""

BOARDS_SCRIPT_TEXTS: Final = (
    *(
        "refused_server",
        "working",
        "boards_none",
        "board_panels",
        "board_private",
        "board_shared",
        "board_owner",
    ),
)
BOARD_SCRIPT_TEXTS: Final = (
    *CHART_SCRIPT_TEXTS,
    *("chart_copy", "chart_png", "chart_csv", "chart_excel", "chart_table", "chart_scale", "simulated"),
    *("panel_loading", "panel_empty", "panel_old", "panel_newest"),
    *(
        "board_private",
        "board_shared",
        "board_owner",
        "board_read_only",
        "board_empty",
        "board_saved",
        "board_saving",
    ),
    *(
        "board_earlier",
        "board_later",
        "board_width",
        "board_remove",
        "board_drag",
        "board_place",
        "board_source",
    ),
    *(
        "board_retry",
        "board_new_title",
        "board_new_text",
        "board_words",
        "board_delete_sure",
        "refused_board_full",
    ),
)
