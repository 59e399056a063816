"""Citizens' reports from the open door to the control room and back, on a real database and as the public role."""

import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema
import pytest

from dashboard import security
from dashboard.api import schema
from deploy.embedded.postgres import Postgres
from storage import citizen_report_actions as actions
from storage import citizen_reports, db, operators
from storage.citizen_report_actions import By, Confirmation
from storage.citizen_reports import ReportRow, State
from storage.operators import Role
from tests.dashboard.pictures import bomb, photo, polyglot
from tests.dashboard.room import Clock, add, log_in, room, talk
from tests.processes import wait_for
from tests.public_site import Served, serving

pytestmark = pytest.mark.integration

API = "/open311/v2"
REQUESTS = f"{API}/requests.json"
OPS = "/ops/api/citizen-reports"
HOSTILE = '<img src=x onerror="document.title=1"></script><b>'
FIELDS = {
    "service_code": "flood",
    "lat": "21.028511",
    "long": "105.854167",
    "description": "Ngập nửa bánh xe",
}
ERRORS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["code", "description"],
        "properties": {"code": {"type": "integer"}, "description": {"type": "string", "minLength": 1}},
    },
}
"""As the specification of GeoReport v2 has them."""
NAMES = {
    *("service_request_id", "status", "status_notes", "service_name", "service_code", "description"),
    *("agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime"),
    *("address", "address_id", "zipcode", "lat", "long", "media_url"),
}
"""Of a service request in the specification."""
Conversation = Callable[[httpx.AsyncClient], Awaitable[None]]


@pytest.fixture
def served(postgres: Postgres, city_url: str) -> Iterator[Served]:
    """As the role that sees a few views and has one way in."""
    postgres.create_login("public_login", member_of="hanoi_public")
    with serving(postgres.url("public_login", city_url.rsplit("/", 1)[1])) as site:
        yield site


def posted(served: Served, content: bytes | None = None, **change: str) -> str:
    files = {"media": ("photo.jpg", content, "image/jpeg")} if content is not None else None
    answer = served.http.post(REQUESTS, data={**FIELDS, **change}, files=files)
    assert answer.status_code == 201, answer.text
    [made] = answer.json()
    assert made["account_id"] is None
    assert made["service_notice"]
    return str(made["service_request_id"])


def refused(answer: httpx.Response, status: int) -> str:
    """The description of an error in Open311's form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    jsonschema.validate(answer.json(), ERRORS)
    assert answer.json()[0]["code"] == status
    return str(answer.json()[0]["description"])


def stored(url: str, number: str) -> ReportRow:
    with db.connect(url, name="test") as conn:
        rows = [row for state in State for row in citizen_reports.waiting(conn, state, 100)]
    return next(row for row in rows if row.number == number)


def confirmed(
    url: str, number: str, *, with_photo: bool = False, lasting: timedelta = timedelta(hours=1)
) -> None:
    asked = Confirmation(text="Ngập ở Tràng Tiền", photo=with_photo, lasting=lasting)
    with db.connect(url, name="test") as conn:
        by = By(actor="lan", source="-", now=datetime.now(UTC))
        actions.confirm(conn, stored(url, number).id, asked, by)


# What can be reported


def test_services_are_listed_in_both_languages(served: Served) -> None:
    items = served.http.get(f"{API}/services.json").json()
    assert [item["service_code"] for item in items] == ["flood", "smoke", "dead_fish", "broken_bay"]
    assert [item["service_name"] for item in items][:2] == ["Ngập nước", "Khói, đốt rác"]
    for item in items:
        assert set(item) == {
            *("service_code", "service_name", "description", "metadata", "type", "keywords", "group"),
        }
        assert (item["metadata"], item["type"]) == (False, "realtime")
    english = served.http.get(f"{API}/services.json", params={"locale": "en-GB"}).json()
    assert english[0]["service_name"] == "Flooding"
    one = served.http.get(f"{API}/services/flood.json").json()
    assert one == {"service_code": "flood", "attributes": []}
    assert "gossip" in refused(served.http.get(f"{API}/services/gossip.json"), 404)


def test_what_is_not_there_is_said_in_its_form(served: Served) -> None:
    assert "json" in refused(served.http.get(f"{API}/services.xml"), 404)
    refused(served.http.get(f"{API}/tokens/1.json"), 404)
    refused(served.http.delete(f"{API}/requests/00000000.json"), 404)
    refused(served.http.get(f"{API}/services.json", params={"locale": "fr"}), 400)


# A report comes in, and becomes public when it was confirmed


def test_a_report_waits_until_it_is_confirmed(served: Served, city_url: str) -> None:
    number = posted(served, photo(), email="an@example.vn", phone="0912", description=HOSTILE, locale="en")
    row = stored(city_url, number)
    assert (row.service, row.lat, row.lon, row.language, row.channel) == (
        "flood",
        21.028511,
        105.854167,
        "en",
        "api",
    )
    assert (row.contact, row.has_photo, row.description) == ("an@example.vn 0912", True, HOSTILE)
    assert served.http.get(REQUESTS).json() == []
    [waits] = served.http.get(f"{API}/requests/{number}.json", params={"locale": "en"}).json()
    assert set(waits) == NAMES
    assert (waits["status"], waits["description"], waits["lat"], waits["media_url"]) == (
        "open",
        None,
        None,
        None,
    )
    assert "waits" in waits["status_notes"]
    refused(served.http.get(f"{API}/photos/{number}.jpg"), 404)

    confirmed(city_url, number, with_photo=True)
    [item] = served.http.get(REQUESTS).json()
    assert set(item) == NAMES
    assert item["description"] == "Ngập ở Tràng Tiền"
    assert (item["lat"], item["long"]) == (21.029, 105.854)  # to about 100 m
    assert item["address"] == "Phường Hoàn Kiếm"
    assert item["media_url"] == f"{API}/photos/{number}.jpg"
    assert "an@example.vn" not in served.http.get(REQUESTS).text
    picture = served.http.get(item["media_url"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert picture.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert b"Secret" not in picture.content


def test_a_place_may_be_a_thing_or_a_ward(served: Served, city_url: str) -> None:
    place = {"lat": "", "long": ""}
    thing = stored(city_url, posted(served, address_id="flood-tong-dan", **place))
    assert (thing.place, thing.place_id) == ("thing", "flood-tong-dan")
    ward = stored(city_url, posted(served, address_id="00070", **place))
    assert (ward.place, ward.place_id) == ("ward", "00070")
    refused(served.http.post(REQUESTS, data={**FIELDS, **place, "address_string": "Tràng Tiền"}), 400)


def test_reports_are_found_by_number_kind_status_and_time(served: Served, city_url: str) -> None:
    flood, smoke = posted(served), posted(served, service_code="smoke")
    for number in (flood, smoke):
        confirmed(city_url, number)
    with db.connect(city_url, name="test") as conn:
        by = By(actor="lan", source="-", now=datetime.now(UTC))
        actions.answer(conn, stored(city_url, smoke).id, "Đã dập lửa.", "", by)
        actions.close(conn, stored(city_url, smoke).id, by)

    def found(**query: str) -> set[str]:
        answer = served.http.get(REQUESTS, params=query)
        assert answer.status_code == 200, answer.text
        return {item["service_request_id"] for item in answer.json()}

    now = datetime.now(UTC)
    before, after = (now - timedelta(days=1)).isoformat(), (now + timedelta(days=1)).isoformat()
    assert found() == {flood, smoke}
    assert found(service_code="flood") == {flood}
    assert found(service_code="flood,smoke") == {flood, smoke}
    assert found(status="closed") == {smoke}
    assert found(status="open,closed") == {flood, smoke}
    assert found(service_request_id=f"{flood},00000000", status="closed") == {
        flood
    }  # overrides, says the spec
    assert found(start_date=before, end_date=after) == {flood, smoke}
    assert found(end_date=before) == set()
    [closed] = served.http.get(f"{API}/requests/{smoke}.json", params={"locale": "en"}).json()
    assert (closed["status"], closed["status_notes"]) == ("closed", "Đã dập lửa.")


def test_a_wrong_question_is_refused(served: Served) -> None:
    for query in (
        {"status": "pending"},
        {"service_code": "gossip"},
        {"start_date": "yesterday"},
        {"start_date": "2026-11-22T10:00:00"},
        {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-04-02T00:00:00Z"},
        {"start_date": "2026-01-02T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
        {"start_date": "9999-12-31T23:59:59-23:59"},
        {"service_request_id": ",".join(["00000000"] * 51)},
        {"locale": "fr"},
    ):
        assert next(iter(query)) in refused(served.http.get(REQUESTS, params=query), 400)


def test_a_wrong_report_is_refused_by_its_field(served: Served, city_url: str) -> None:
    for change, word in (
        ({"service_code": ""}, "service_code"),
        ({"service_code": "gossip"}, "service_code"),
        ({"lat": "", "long": ""}, "lat and long"),
        ({"lat": "10.77"}, "not in Hanoi"),
        ({"lat": "1e400"}, "lat and long"),
        ({"description": " "}, "description"),
        ({"description": "x" * 2001}, "too long"),
        ({"website": "https://buy.example"}, "must be empty"),
        ({"media_url": "http://169.254.169.254/latest/meta-data"}, "media_url"),
        ({"locale": "fr"}, "locale"),
    ):
        assert word in refused(served.http.post(REQUESTS, data={**FIELDS, **change}), 400)
    with db.connect(city_url, name="test") as conn:
        assert citizen_reports.waiting(conn, State.NEW, 10) == []


# Hostile uploads


def test_what_is_no_picture_is_refused_and_nothing_is_stored(served: Served, city_url: str) -> None:
    broken = (photo()[:3000], bomb(), b"\xff\xd8\xff" + b"\x00" * 1000)
    for content in (b"<html><script>alert(1)</script>", b"GIF89a;", *broken):
        files = {"media": ("x.jpg", content, "image/jpeg")}
        assert "media" in refused(served.http.post(REQUESTS, data=FIELDS, files=files), 400)
    with db.connect(city_url, name="test") as conn:
        assert citizen_reports.waiting(conn, State.NEW, 10) == []
    posted(served)  # and the next one is taken


def test_a_page_inside_a_picture_never_comes_out(served: Served, city_url: str) -> None:
    number = posted(served, polyglot())
    confirmed(city_url, number, with_photo=True)
    picture = served.http.get(f"{API}/photos/{number}.jpg")
    assert picture.status_code == 200
    assert b"script" not in picture.content


def test_a_body_is_refused_as_soon_as_it_is_too_large(served: Served) -> None:
    files = {"media": ("x.jpg", b"\xff\xd8\xff" + b"\x00" * (11 * 1024 * 1024), "image/jpeg")}
    assert "10 MB" in refused(served.http.post(REQUESTS, data=FIELDS, files=files), 413)
    assert "large" in refused(served.http.post(REQUESTS, data={**FIELDS, "description": "x" * 100_000}), 413)


def test_a_body_that_says_nothing_of_its_size_is_read_no_farther_than_the_limit(served: Served) -> None:
    """Chunks without end: the answer comes while the sender still sends."""
    parts = urlsplit(served.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as conn:
        conn.sendall(
            b"POST /open311/v2/requests.json HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        )
        head = b'--b\r\nContent-Disposition: form-data; name="media"; filename="x.jpg"\r\n\r\n'
        chunk = b"%x\r\n%s\r\n"
        conn.sendall(chunk % (len(head), head))
        data = chunk % (65536, b"\x00" * 65536)
        try:
            for _ in range(16 * 1024):  # a gigabyte, if somebody took it
                conn.sendall(data)
        except OSError:
            return  # closed on us, as it should be
        pytest.fail("the server read a gigabyte")


def test_a_form_that_is_none_is_refused(served: Served) -> None:
    urlencoded = "application/x-www-form-urlencoded"
    for kind, body, status in (
        ("application/json", b"{}", 415),
        ("text/xml", b"<x/>", 415),
        ("", b"x", 415),
        ("multipart/form-data", b"--b\r\n", 400),
        ("multipart/form-data; boundary=b", b"nothing of the kind", 400),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
            400,
        ),
        (urlencoded, b"&".join(b"a%d=1" % n for n in range(100)), 400),
        (urlencoded, b"service_code=%ff%fe&lat=%00", 400),
    ):
        answer = served.http.post(REQUESTS, content=body, headers={"Content-Type": kind})
        assert refused(answer, status), (kind, body)


def test_many_files_and_huge_fields_are_refused(served: Served) -> None:
    two = [("media", ("a.jpg", photo(), "image/jpeg")), ("media", ("b.jpg", photo(), "image/jpeg"))]
    refused(served.http.post(REQUESTS, data=FIELDS, files=two), 400)
    huge = {**FIELDS, "description": "x" * 20_000}
    refused(served.http.post(REQUESTS, data=huge, files={"media": ("a.jpg", photo(), "image/jpeg")}), 400)


def test_one_address_may_send_so_many(served: Served) -> None:
    for _ in range(20):
        assert served.http.post(REQUESTS, data=FIELDS).status_code == 201
    answer = served.http.post(REQUESTS, data=FIELDS)
    assert "this address" in refused(answer, 429)
    assert answer.headers["retry-after"] == "600"
    fields = {"service": "flood", "ward": "00070", "description": "Water on the street"}
    page = served.http.post("/en/report", data=fields)
    assert (page.status_code, page.headers["retry-after"]) == (429, "600")
    assert "Water on the street" in page.text
    assert served.http.get(REQUESTS).status_code == 200


# The form


def test_the_form_needs_no_script_and_leads_to_the_report(served: Served, city_url: str) -> None:
    for path, word in (("/vi/phan-anh", "Gửi phản ánh"), ("/en/report", "Send the report")):
        page = served.http.get(path)
        assert page.status_code == 200
        assert word in page.text
        assert "form-action 'self'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers.get_list("content-security-policy", split_commas=False).__len__() == 1
        assert page.headers["permissions-policy"] == "camera=(), microphone=(), geolocation=(self)"
        assert "set-cookie" not in page.headers
    fields = {"service": "dead_fish", "ward": "00070", "description": HOSTILE, "contact": "0912"}
    answer = served.http.post(
        "/en/report", data=fields, files={"photo": ("x.png", photo(kind="PNG"), "image/png")}
    )
    assert answer.status_code == 303
    number = answer.headers["location"].removeprefix("/en/report/")
    row = stored(city_url, number)
    assert (row.service, row.place, row.channel, row.has_photo) == ("dead_fish", "ward", "page", True)
    told = served.http.get(answer.headers["location"])
    assert number in told.text
    assert "It waits for the operations centre" in told.text
    assert "0912" not in told.text
    assert HOSTILE not in told.text
    confirmed(city_url, number)
    assert "The operations centre has confirmed it." in served.http.get(f"/en/report/{number}").text
    vietnamese = served.http.get("/vi/phan-anh", params={"number": f"{number[:4]} {number[4:].lower()}"})
    assert (vietnamese.status_code, vietnamese.headers["location"]) == (303, f"/vi/phan-anh/{number}")


def test_the_form_says_what_is_wrong_and_keeps_what_was_written(served: Served) -> None:
    answer = served.http.post("/en/report", data={"service": "smoke", "description": '"><script>x</script>'})
    assert answer.status_code == 422
    assert "Say where it is" in answer.text
    assert "<script>x" not in answer.text
    assert "&quot;&gt;&lt;script&gt;x" in answer.text
    assert 'value="smoke" required checked' in answer.text
    broken = {"photo": ("x.jpg", b"nothing", "image/jpeg")}
    fields = {"service": "smoke", "ward": "00070", "description": "x"}
    assert "can&#x27;t be read" in served.http.post("/en/report", data=fields, files=broken).text
    assert served.http.get("/en/report/nothing").status_code == 404
    assert served.http.get("/en/report", params={"number": "<b>"}).status_code == 404


# The map of floods


def on_map(served: Served) -> list[schema.CitizenReportFeature]:
    answer = served.http.get("/api/v1/map/flood.geojson")
    features = schema.MapCollection.model_validate_json(answer.content).features
    return [one for one in features if isinstance(one, schema.CitizenReportFeature)]


def test_a_confirmed_flood_is_on_the_map_until_it_is_over(served: Served, city_url: str) -> None:
    alerts = served.http.get("/api/v1/alerts").json()
    with served.http.stream("GET", "/api/v1/stream?domain=rain") as stream:
        lines = stream.iter_lines()
        next(lines)
        assert on_map(served) == []
        number = posted(served)
        confirmed(city_url, number)
        while next(lines) != "event: changed":
            pass
    wait_for(lambda: on_map(served), "it is on the map")
    [mark] = on_map(served)
    assert mark.id == f"citizen_report-{number}"
    assert mark.properties.label_en == "Reported by citizens, confirmed by the centre"
    assert mark.properties.name_en == "Flooding: Hoan Kiem ward"
    assert (mark.properties.level, mark.properties.state, mark.properties.values) == (None, "reported", {})
    assert mark.geometry.coordinates == (105.854, 21.029)
    assert served.http.get("/api/v1/alerts").json() == alerts
    assert number not in served.http.get("/api/v1/map/rain.geojson").text
    wait_for(lambda: "Reported by citizens" in served.http.get("/en/").text, "it is in the first page's list")
    with db.connect(city_url, name="test") as conn:
        actions.close(conn, stored(city_url, number).id, By(actor="lan", source="-", now=datetime.now(UTC)))
    wait_for(lambda: not on_map(served), "it is gone")


def test_a_flood_leaves_the_map_by_itself(city_url: str) -> None:
    ahead = [timedelta(0)]
    with serving(city_url, clock=lambda: datetime.now(UTC) + ahead[0]) as served:
        confirmed(city_url, posted(served))
        wait_for(lambda: on_map(served), "it is on the map")
        ahead[0] = timedelta(hours=1)
        wait_for(lambda: not on_map(served), "it is gone")


# The control room


async def post(client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
    headers = {security.CSRF_HEADER: client.cookies[security.CSRF_COOKIE]}
    return await client.post(f"{OPS}{path}?lang=en", headers=headers, json=body)


def in_room(url: str, conversation: Conversation, *, role: Role = Role.OPERATOR) -> None:
    async def logged_in(client: httpx.AsyncClient) -> None:
        await log_in(client)
        await conversation(client)

    add(url, role=role)
    clock = Clock()
    clock.now = datetime.now(UTC)
    with room(url, clock) as (application, _):
        talk(application, logged_in)


def test_an_operator_sees_likely_duplicates_merges_confirms_answers_and_closes(
    served: Served, city_url: str
) -> None:
    first, second = posted(served, photo()), posted(served, lat="21.0290", phone="0912")
    far = posted(served, lat="21.05")

    async def conversation(client: httpx.AsyncClient) -> None:
        board = (await client.get(f"{OPS}?lang=en")).json()
        rows = {row["number"]: row for row in board["new"]}
        assert set(rows) == {first, second, far}
        assert rows[first]["near"] == rows[far]["near"] == []
        [near] = rows[second]["near"]
        assert near["number"] == first
        assert near["words"].startswith("50 m away")  # 0.000489 degrees of latitude are 54 m
        assert rows[second]["contact"] == "0912"
        picture = await client.get(rows[first]["photo"])
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        assert picture.headers["content-security-policy"] == "default-src 'none'; sandbox"
        ids = {number: row["id"] for number, row in rows.items()}
        assert (await post(client, f"/{ids[second]}/merge", {"into": ids[first]})).status_code == 200
        confirm = {"text": "Ngập", "photo": True, "hours": 3}
        assert (await post(client, f"/{ids[first]}/confirm", confirm)).status_code == 200
        again = await post(client, f"/{ids[first]}/confirm", confirm)
        assert (again.status_code, again.json()["error"]) == (409, f"Report {first} was moderated already.")
        answer = {"vi": "Đang bơm.", "en": "Pumps are on."}
        assert (await post(client, f"/{ids[first]}/answer", answer)).status_code == 200
        assert (await post(client, f"/{ids[far]}/reject", {"reason": "Dry by now"})).status_code == 200
        board = (await client.get(f"{OPS}?lang=en")).json()
        assert board["new"] == []
        [main] = board["confirmed"]
        assert "with 1 more reports" in main["lines"]
        assert (await post(client, f"/{ids[first]}/close", {})).status_code == 200
        assert len((await client.get(OPS)).json()["over"]) == 3

    in_room(city_url, conversation)
    page = served.http.get(f"/en/report/{second}").text
    assert "Pumps are on." in page
    assert f"/en/report/{first}" in page
    assert "Dry by now" in served.http.get(f"/en/report/{far}").text
    with db.connect(city_url, name="test") as conn:
        said = [event.action for event in operators.audit_trail(conn, 20) if "citizen" in event.action]
    assert [one.removeprefix("citizen_report_") for one in said] == [
        *("closed", "rejected", "answered", "confirmed", "merged"),
    ]


def test_who_may_only_look_moderates_nothing_and_sees_nobodys_number(served: Served, city_url: str) -> None:
    number = posted(served, photo(), phone="0912")

    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await client.get("/ops/reports-from-citizens")).status_code == 200
        board = (await client.get(OPS)).json()
        [row] = board["new"]
        assert (row["number"], row["contact"], row["has_contact"]) == (number, None, True)
        assert "0912" not in str(board)
        bodies: dict[str, Any] = {
            "confirm": {"text": "x", "photo": True, "hours": 3},
            "reject": {"reason": "x"},
            "merge": {"into": row["id"]},
            "answer": {"vi": "x", "en": "x"},
            "close": {},
            "forget-contact": {},
            "remove-photo": {},
        }
        for name, body in bodies.items():
            assert (await post(client, f"/{row['id']}/{name}", body)).status_code == 403

    in_room(city_url, conversation, role=Role.VIEWER)
    assert stored(city_url, number).state == "new"


def test_nothing_is_moderated_without_the_token_of_our_page_or_from_outside(
    served: Served, city_url: str
) -> None:
    row = stored(city_url, posted(served, photo()))

    async def conversation(client: httpx.AsyncClient) -> None:
        body = {"text": "x", "photo": True, "hours": 3}
        assert (await client.post(f"{OPS}/{row.id}/confirm", json=body)).status_code == 403
        assert (await client.get(f"{OPS}/{row.id}/confirm")).status_code in (404, 405)
        assert (await post(client, f"/{2**70}/confirm", body)).status_code == 404
        assert (await post(client, f"/{row.id}/confirm", {**body, "hours": 25})).status_code == 422

    in_room(city_url, conversation)
    with room(city_url) as (application, _):

        async def stranger(client: httpx.AsyncClient) -> None:
            assert (await client.get(f"/ops/reports-from-citizens/{row.id}/photo")).status_code == 401
            assert (await client.get(OPS)).status_code == 401

        talk(application, stranger)
    assert stored(city_url, row.number).state == "new"
