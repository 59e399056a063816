"""What bulletins of the environment say, in Vietnamese and English."""

from typing import Final

from storage.model import Text

BULLETIN_TEXTS: Final[dict[str, Text]] = {
    "bulletin_title_day": Text(vi="Bản tin môi trường ngày", en="Environment bulletin of the day"),
    "bulletin_title_month": Text(vi="Bản tin môi trường tháng", en="Environment bulletin of the month"),
    "bulletin_period_day": Text(vi="Ngày {day}, Hà Nội", en="{day}, Hanoi"),
    "bulletin_period_month": Text(
        vi="Tháng {month} (từ {first} đến {last}), Hà Nội", en="{month} ({first} to {last}), Hanoi"
    ),
    "bulletin_not_over": Text(
        vi="Ngày này chưa kết thúc: chỉ số ngày và tổng mưa 24 giờ có sau 24:00.",
        en="The day is not over: its indices and 24-hour sums of rain come after 24:00.",
    ),
    "bulletin_no_data": Text(vi="Không có số liệu.", en="There is no data."),
    "bulletin_air": Text(vi="Không khí", en="Air"),
    "bulletin_water": Text(vi="Nước Hồ Tây", en="West Lake's water"),
    "bulletin_rain": Text(vi="Mưa", en="Rain"),
    "bulletin_flood": Text(vi="Úng ngập", en="Flooding"),
    "bulletin_parking": Text(vi="Đỗ xe", en="Parking"),
    "bulletin_completeness": Text(vi="Mức đầy đủ của số liệu", en="Completeness of data"),
    "bulletin_station": Text(vi="Trạm", en="Station"),
    "bulletin_point": Text(vi="Điểm", en="Point"),
    "bulletin_gauge": Text(vi="Trạm đo mưa", en="Gauge"),
    "bulletin_car_park": Text(vi="Điểm đỗ", en="Car park"),
    "bulletin_domain": Text(vi="Lĩnh vực", en="Domain"),
    "bulletin_class": Text(vi="Mức", en="Class"),
    # air
    "bulletin_vn_aqi": Text(vi="VN_AQI ngày", en="VN_AQI of the day"),
    "bulletin_pollutant": Text(vi="Chất chính", en="Main pollutant"),
    "bulletin_pm2_5": Text(vi="PM2.5 24 giờ (µg/m³)", en="PM2.5, 24 h (µg/m³)"),
    "bulletin_qcvn": Text(vi="So với giới hạn 24 giờ (%)", en="Share of 24 h limits (%)"),
    "bulletin_exceeded": Text(vi="Vượt QCVN 05", en="Above QCVN 05"),
    "bulletin_gas_hours": Text(vi="Giờ khí vượt", en="Hours above (gases)"),
    "bulletin_days": Text(vi="Số ngày có chỉ số", en="Days with an index"),
    "bulletin_vn_aqi_mean": Text(vi="VN_AQI trung bình", en="Mean VN_AQI"),
    "bulletin_vn_aqi_max": Text(vi="VN_AQI cao nhất", en="Highest VN_AQI"),
    "bulletin_bad_days": Text(vi="Ngày từ mức Kém", en="Days Poor or worse"),
    "bulletin_exceeded_days": Text(vi="Ngày vượt giới hạn 24 giờ", en="Days above 24 h limits"),
    "bulletin_pm2_5_mean": Text(vi="PM2.5 trung bình (µg/m³)", en="Mean PM2.5 (µg/m³)"),
    "bulletin_air_said": Text(
        vi="{count}/{all} trạm có VN_AQI ngày. Cao nhất: {station}, {value} ({class_name}). "
        "{exceeded} trạm vượt giới hạn của QCVN 05.",
        en="{count} of {all} stations have a VN_AQI of the day. Highest: {station}, {value} "
        "({class_name}). {exceeded} stations were above a limit of QCVN 05.",
    ),
    "bulletin_air_said_month": Text(
        vi="Cao nhất tháng: {station}, {value} ({class_name}) ngày {day}. {bad} lượt trạm–ngày từ mức "
        "Kém trở lên trên {days} lượt có chỉ số.",
        en="Highest of the month: {station}, {value} ({class_name}) on {day}. {bad} of {days} station "
        "days with an index were Poor or worse.",
    ),
    "bulletin_air_note": Text(
        vi="VN_AQI theo Quyết định 1459/QĐ-TCMT; giới hạn theo QCVN 05:2023/BTNMT. Tỷ lệ vượt không "
        "phải kết luận vi phạm.",
        en="VN_AQI by Decision 1459/QĐ-TCMT; limits by QCVN 05:2023/BTNMT. A share above 100 % is no "
        "finding of a breach.",
    ),
    "bulletin_air_chart": Text(vi="VN_AQI ngày theo trạm", en="VN_AQI of the day by station"),
    "bulletin_air_chart_month": Text(
        vi="VN_AQI ngày cao nhất trong các trạm", en="Highest VN_AQI among the stations, by day"
    ),
    # water
    "bulletin_do": Text(vi="Ôxy TB (mg/L)", en="Oxygen, mean (mg/L)"),
    "bulletin_do_min": Text(vi="Ôxy thấp nhất (mg/L)", en="Oxygen, lowest (mg/L)"),
    "bulletin_temperature": Text(vi="Nhiệt độ TB (°C)", en="Temperature, mean (°C)"),
    "bulletin_ph": Text(vi="pH TB", en="pH, mean"),
    "bulletin_turbidity": Text(vi="Độ đục TB (NTU)", en="Turbidity, mean (NTU)"),
    "bulletin_ammonium": Text(vi="Amoni TB (mg/L)", en="Ammonium, mean (mg/L)"),
    "bulletin_chlorophyll": Text(vi="Diệp lục a TB (µg/L)", en="Chlorophyll a, mean (µg/L)"),
    "bulletin_wqi": Text(vi="VN_WQI TB", en="VN_WQI, mean"),
    "bulletin_wqi_indicative": Text(vi="Chỉ số tham khảo TB", en="Indicative index, mean"),
    "bulletin_water_said": Text(
        vi="Ôxy hòa tan thấp nhất: {station}, {value} mg/L ({class_name}).",
        en="Lowest dissolved oxygen: {station}, {value} mg/L ({class_name}).",
    ),
    "bulletin_water_note": Text(
        vi="Trung bình của các ngày; chỉ số tham khảo thiếu nhóm thông số nên không phải VN_WQI.",
        en="Means of days; the indicative index lacks groups of parameters and is no VN_WQI.",
    ),
    # rain
    "bulletin_rain_day": Text(vi="Mưa 24 giờ (mm)", en="Rain in 24 h (mm)"),
    "bulletin_rain_hour": Text(vi="1 giờ lớn nhất (mm)", en="Largest hour (mm)"),
    "bulletin_rain_month": Text(vi="Tổng tháng (mm)", en="Total (mm)"),
    "bulletin_rain_days": Text(vi="Số ngày mưa", en="Days with rain"),
    "bulletin_rain_largest": Text(vi="Ngày lớn nhất (mm)", en="Largest day (mm)"),
    "bulletin_rain_said": Text(
        vi="{wet}/{all} trạm có mưa. Lớn nhất: {station}, {value} mm ({class_name}).",
        en="It rained at {wet} of {all} gauges. Most: {station}, {value} mm ({class_name}).",
    ),
    "bulletin_rain_dry": Text(
        vi="Không mưa ở {all} trạm có số liệu.", en="No rain at the {all} gauges with data."
    ),
    "bulletin_rain_note": Text(
        vi="Mức mưa 24 giờ theo phân cấp của ngành khí tượng thủy văn. Tổng của ngày thiếu số liệu là cận dưới.",
        en="Classes of 24-hour rain are those of the hydrometeorological service. Sums of days with "
        "gaps are lower bounds.",
    ),
    "bulletin_rain_chart": Text(vi="Lượng mưa 24 giờ theo trạm (mm)", en="Rain in 24 hours by gauge (mm)"),
    "bulletin_rain_chart_month": Text(
        vi="Lượng mưa ngày lớn nhất trong các trạm (mm)",
        en="Largest daily rain among the gauges, by day (mm)",
    ),
    # flood
    "bulletin_depth": Text(vi="Sâu nhất (cm)", en="Greatest depth (cm)"),
    "bulletin_wet_minutes": Text(vi="Ngập từ 5 cm (phút)", en="5 cm or more (min)"),
    "bulletin_deep_minutes": Text(vi="Ngập từ 15 cm (phút)", en="15 cm or more (min)"),
    "bulletin_flood_days": Text(vi="Số ngày ngập", en="Days flooded"),
    "bulletin_flood_said": Text(
        vi="{count}/{all} điểm ngập từ 5 cm. Sâu nhất: {station}, {value} cm ({class_name}).",
        en="{count} of {all} points were flooded 5 cm or more. Deepest: {station}, {value} cm ({class_name}).",
    ),
    "bulletin_flood_dry": Text(
        vi="Không điểm nào trong {all} điểm có số liệu ngập từ 5 cm.",
        en="None of the {all} points with data was flooded 5 cm or more.",
    ),
    "bulletin_flood_note": Text(
        vi="Mức ngập do trung tâm đề xuất [S], không phải phân cấp chính thức; thời gian ngập tính "
        "theo bước 10 phút.",
        en="Levels of flooding are suggested by the centre [S] and not official; durations are in "
        "steps of 10 minutes.",
    ),
    # parking
    "bulletin_occupancy": Text(vi="Lấp đầy TB (%)", en="Occupancy, mean (%)"),
    "bulletin_occupancy_max": Text(vi="Lấp đầy cao nhất (%)", en="Occupancy, highest (%)"),
    "bulletin_turnover": Text(vi="Lượt xe/chỗ/ngày", en="Cars a bay and day"),
    "bulletin_dwell": Text(vi="Đỗ TB (phút)", en="Mean stay (min)"),
    "bulletin_availability": Text(vi="Thời gian còn chỗ (%)", en="Time with a free bay (%)"),
    "bulletin_parking_said": Text(
        vi="{all} điểm đỗ có số liệu; lấp đầy trung bình {value} %.",
        en="{all} car parks have data; mean occupancy {value} %.",
    ),
    "bulletin_parking_note": Text(
        vi="Lượt xe là cận dưới: chỉ đếm xe được thấy vào chỗ. Công thức của trung tâm [S].",
        en="Turnover is a lower bound: only cars that were seen to come are counted. Formulas are the centre's [S].",
    ),
    # completeness
    "bulletin_streams": Text(vi="Chuỗi số liệu", en="Datastreams"),
    "bulletin_share": Text(vi="Nhận được (%)", en="Received (%)"),
    "bulletin_silent": Text(vi="Không gửi gì", en="Sent nothing"),
    "bulletin_completeness_note": Text(
        vi="Phần số báo nhận được và dùng được trên số báo phải có, trung bình các chuỗi đo; mẫu "
        "phòng thí nghiệm không tính.",
        en="Usable reports that came of those expected, the mean over measured Datastreams; "
        "laboratory samples do not count.",
    ),
}
