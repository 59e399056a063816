"""Why a value is suspect or failed, in words: the reasons that stand beside a quality."""

from typing import Final

from storage.model import Text

REASONS: Final = {
    "spike": Text(vi="khác hẳn giá trị trước và sau", en="far off the values beside it"),
    "step": Text(vi="thay đổi quá nhanh", en="changed too fast"),
    "stuck": Text(vi="đứng yên quá lâu", en="stands still too long"),
    "implausible": Text(vi="ngoài khoảng hợp lý", en="not plausible here"),
    "calibrating": Text(vi="đang hiệu chuẩn", en="being calibrated"),
    "fault": Text(vi="thiết bị báo lỗi", en="device reports a fault"),
    "estimated": Text(vi="giá trị ước tính", en="estimated"),
    "counter_reset": Text(vi="bộ đếm mưa bị đặt lại", en="rain counter was reset"),
    "gap": Text(vi="sau khi mất tín hiệu", en="after a silence"),
    "above_cap": Text(vi="nhiều mưa hơn mức có thể", en="more rain than can fall"),
    "suspect_counter": Text(vi="số đếm mưa đáng ngờ", en="rain counter is suspect"),
    "counter_beyond_range": Text(
        vi="bộ đếm mưa vượt khoảng đã khai báo", en="rain counter beyond its configured range"
    ),
    "counter_misread": Text(vi="đọc sai bộ đếm mưa", en="rain counter was misread"),
    "out_of_range": Text(vi="ngoài khoảng có thể", en="not possible"),
    "superseded_by_measured": Text(vi="trạm đã gửi giá trị đo", en="the gauge sent its own value"),
    "coverage": Text(vi="quá ít dữ liệu trong kỳ", en="too little of it was reported"),
    "not_computable": Text(vi="không còn đủ dữ liệu để tính", en="no longer enough to compute it from"),
    "counter_left_out": Text(vi="số đếm mưa bị loại", en="rain counter's reading was left out"),
}


NONE: Final = Text(vi="không rõ lý do", en="no reason given")


def reason_in_words(reason: str | None, language: str) -> str:
    """A reason that is not known here (an integrator's own) is shown as it is."""
    if reason is None:
        return NONE.in_language(language)
    known = REASONS.get(reason)
    return known.in_language(language) if known else reason
