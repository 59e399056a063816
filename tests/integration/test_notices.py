"""Public notices from the control room's door to the open API, on a real database."""

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dashboard import security
from dashboard.api import schema
from deploy.embedded.postgres import Postgres
from storage import db, notice_actions, operators
from storage.notice_actions import NewNotice
from storage.notices import Kind
from storage.operators import Role
from tests.dashboard.room import Clock, add, log_in, room, talk
from tests.processes import wait_for
from tests.public_site import Served, serving

pytestmark = pytest.mark.integration

API = "/api/v1/notices"
OPS = "/ops/api/notices"
HOSTILE = '<img src=x onerror="document.title=1"></script><b>'
BODY: dict[str, Any] = {
    "kind": "works",
    "text_vi": "Bơm thử trạm Yên Sở",
    "text_en": "Test of the Yen So pumps",
    "wards": ["00070"],
    "minutes": 60,
}
Conversation = Callable[[httpx.AsyncClient], Awaitable[None]]


@pytest.fixture
def served(postgres: Postgres, city_url: str) -> Iterator[Served]:
    """As the role that sees a few views and nothing else."""
    postgres.create_login("public_login", member_of="hanoi_public")
    with serving(postgres.url("public_login", city_url.rsplit("/", 1)[1])) as site:
        yield site


def published(url: str, *, lasting: timedelta = timedelta(hours=1), text: str = "Test") -> int:
    now = datetime.now(UTC)
    new = NewNotice(
        kind=Kind.FLOOD, text_vi=f"{text} (vi)", text_en=text, starts_at=now, ends_at=now + lasting
    )
    with db.connect(url, name="test") as conn:
        return notice_actions.publish(conn, new, author="secret-author", source="-", now=now)


def listed(served: Served) -> list[schema.NoticeItem]:
    answer = served.http.get(API)
    assert answer.status_code == 200
    return schema.NoticeList.model_validate_json(answer.content).items


def test_without_a_notice_the_list_is_empty(served: Served) -> None:
    assert listed(served) == []


def test_a_notice_is_there_until_it_is_withdrawn_and_nobody_learns_who_wrote_it(
    served: Served, city_url: str
) -> None:
    number = published(city_url, text=HOSTILE)
    wait_for(lambda: listed(served), "it is listed")
    [item] = listed(served)
    assert (item.id, item.kind, item.kind_name.vi, item.wards) == (number, "flood", "Úng ngập", [])
    assert (item.text.vi, item.text.en) == (f"{HOSTILE} (vi)", HOSTILE)
    assert "secret-author" not in served.http.get(API).text
    with db.connect(city_url, name="test") as conn:
        notice_actions.withdraw(conn, number, actor="lan", source="-", now=datetime.now(UTC))
    wait_for(lambda: not listed(served), "it is gone")


def test_a_notice_ends_by_itself(served: Served, city_url: str) -> None:
    published(city_url, lasting=timedelta(seconds=3))
    wait_for(lambda: listed(served), "it is listed")
    wait_for(lambda: not listed(served), "it is gone")


def test_who_has_the_list_is_told_so(served: Served, city_url: str) -> None:
    published(city_url)
    wait_for(lambda: listed(served), "it is listed")
    first = served.http.get(API)
    again = served.http.get(API, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "public, max-age=1"
    assert first.headers["access-control-allow-origin"] == "*"


def test_the_stream_tells_of_a_new_notice(served: Served, city_url: str) -> None:
    with served.http.stream("GET", "/api/v1/stream?domain=rain") as answer:
        lines = answer.iter_lines()
        next(lines)
        published(city_url, text="Pumps")
        while next(lines) != "event: changed":
            pass
        assert [one.text.en for one in listed(served)] == ["Pumps"]


def test_the_example_in_the_document_is_one_and_names_a_ward_that_there_is(served: Served) -> None:
    document = served.http.get("/openapi.json").json()
    [answer] = [document["paths"][API]["get"]["responses"]["200"]["content"]["application/json"]]
    example = schema.NoticeList.model_validate(answer["example"])
    assert example.items[0].wards[0].name.en == "Hoan Kiem ward"


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


def test_an_operator_publishes_edits_and_withdraws(city_url: str) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        first = (await post(client, "", BODY)).json()["id"]
        edited = await post(client, "", {**BODY, "text_en": "Put off", "replaces": first})
        second = edited.json()["id"]
        found = (await client.get(f"{OPS}?lang=en")).json()
        [current] = found["current"]
        assert current["notice"]["text"]["en"] == "Put off"
        assert current["notice"]["wards"][0]["name"]["vi"] == "Phường Hoàn Kiếm"
        assert re.fullmatch(r"Published by lan, \d\d/\d\d/\d{4} \d\d:\d\d", current["lines"][0])
        assert [one["notice"]["id"] for one in found["past"]] == [first]
        assert (await post(client, f"/{second}/withdraw", {})).status_code == 200
        again = await post(client, f"/{second}/withdraw", {})
        assert (again.status_code, again.json()["error"]) == (
            409,
            f"There is no notice {second}, or it is over.",
        )
        assert (await client.get(OPS)).json()["current"] == []

    in_room(city_url, conversation)
    with db.connect(city_url, name="test") as conn:
        actions = [event.action for event in operators.audit_trail(conn, 10)]
    assert [one for one in actions if one.startswith("notice")] == [
        *("notice_withdrawn", "notice_published", "notice_withdrawn", "notice_published"),
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"text_en": " "}, "Write the text in both languages."),
        ({"text_vi": "x" * 501}, "At most 500 characters in each language."),
        ({"wards": ["4711"]}, "There is no such ward."),
        ({"minutes": None}, "Say until when."),
        ({"minutes": 31 * 24 * 60}, "It lasts 30 days at most."),
        ({"minutes": None, "ends_at": "2020-01-01T00:00"}, "It must end after it begins."),
        ({"kind": "gossip"}, "Kind: not a valid value."),
        ({"text_en": "\x00"}, "text_en: not a valid value."),
    ],
)
def test_a_refusal_says_what_is_wrong(city_url: str, change: dict[str, Any], error: str) -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        answer = await post(client, "", {**BODY, **change})
        assert (answer.status_code, answer.json()["error"]) == (422, error)
        assert (await client.get(OPS)).json()["current"] == []

    in_room(city_url, conversation)


def test_who_may_only_look_writes_nothing(city_url: str) -> None:
    number = published(city_url)

    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await client.get("/ops/notices")).status_code == 200
        assert (await post(client, "", BODY)).status_code == 403
        assert (await post(client, f"/{number}/withdraw", {})).status_code == 403
        assert len((await client.get(OPS)).json()["current"]) == 1

    in_room(city_url, conversation, role=Role.VIEWER)


def test_nothing_is_published_without_the_token_of_our_page_or_by_a_get(city_url: str) -> None:
    number = published(city_url)

    async def conversation(client: httpx.AsyncClient) -> None:
        assert (await client.post(OPS, json=BODY)).status_code == 403
        assert (await client.get(f"{OPS}/{number}/withdraw")).status_code in (404, 405)
        assert len((await client.get(OPS)).json()["current"]) == 1

    in_room(city_url, conversation)
