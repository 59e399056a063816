"""Citizens ask to be told: from the open door to a mail or a push message and back to nothing, on real parts."""

import json
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import trustme
from prometheus_client.parser import text_string_to_metric_families

from alerts.metrics import Metrics
from alerts.subscribers.courier import Courier
from alerts.subscribers.mail import Mailer
from alerts.subscribers.outside import Outside
from alerts.subscribers.push import Pusher, Vapid, base64url, new_keys
from dashboard.citizen.pages import PageSettings
from dashboard.subscribing.desk import Channels
from deploy.embedded.postgres import Postgres
from storage import db, health, leader, subscriptions
from storage.catalog import load_catalog
from storage.model import Provenance, Quality
from storage.subscriptions import Answer, Channel, NewSubscription, PushKeys
from tests.integration.mail_server import MailServer, mail_server
from tests.processes import free_port, running, wait_for
from tests.public_site import Served, Writer, serving
from tests.web_push import Browser

pytestmark = pytest.mark.integration

SITE = "https://hanoi.example"
GAUGE = "flood-tong-dan"
PAGES = {"vi": "/vi/bao-cho-toi", "en": "/en/tell-me"}
FORM = {"thing": GAUGE, "at_least": "2", "email": "an@example.vn"}
MINUTE = timedelta(minutes=1)


@dataclass
class Clock:
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.at


@dataclass
class PushService:
    """Stands in for a browser's provider: over TLS, as RFC 8030 has it."""

    url: str = ""
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    answers: list[int] = field(default_factory=list)
    """The next statuses; 201 after them."""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def push_service() -> Iterator[PushService]:
    service, authority = PushService(), trustme.CA()
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_tls)
    authority.configure_trust(service.tls)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            service.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(service.answers.pop(0) if service.answers else 201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Not on our terminal."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.socket = server_tls.wrap_socket(listening.socket, server_side=True)
    service.url = f"https://127.0.0.1:{listening.server_address[1]}/send/abc"
    Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield service
    finally:
        listening.shutdown()
        listening.server_close()


@dataclass(kw_only=True)
class Scene:
    """The database, who leads, and what it was told to send by."""

    url: str
    conn: db.Connection
    term: int
    clock: Clock
    city: Writer
    mails: MailServer
    pushes: PushService
    courier: Courier

    def measure(self, depth_cm: float, **more: Any) -> None:
        """A minute later the gauge says so, and the courier looks and sends."""
        self.clock.at += MINUTE
        self.city.write(GAUGE, "water_depth", (self.clock.at, depth_cm), **more)
        self.run()

    def run(self) -> int:
        """Never before what the database's own clock wrote down."""
        self.clock.at = max(self.clock.at, datetime.now(UTC))
        ended = self.courier.run(self.conn, self.term)
        while self.courier.under_way:
            ended += self.courier.send(self.conn, self.term)
        return ended

    def counted(self) -> dict[tuple[str, str], float]:
        """As a monitor reads it."""
        server = health.serve("127.0.0.1", 0, variable="", ready=dict, registry=self.courier.metrics.registry)
        try:
            return messages_counted(f"127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            server.server_close()

    def count(self, table: str) -> int:
        row = self.conn.execute(f"SELECT count(*) AS n FROM {table}").fetchone()  # noqa: S608 - ours
        assert row is not None
        return int(row["n"])


def messages_counted(bind: str) -> dict[tuple[str, str], float]:
    """Channel and result of what is not 0 on /metrics; all ten are there from the start."""
    families = text_string_to_metric_families(httpx.get(f"http://{bind}/metrics").text)
    found = [
        one
        for family in families
        for one in family.samples
        if one.name == "hanoi_alerts_citizen_messages_total"
    ]
    assert len(found) == 10
    return {(one.labels["channel"], one.labels["result"]): one.value for one in found if one.value}


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def pushes() -> Iterator[PushService]:
    with push_service() as service:
        yield service


@pytest.fixture
def scene(city_url: str, mails: MailServer, pushes: PushService) -> Iterator[Scene]:
    clock, domains = Clock(), load_catalog()
    with db.connect(city_url, name="test", autocommit=True) as conn:
        private, _ = new_keys()
        outside = Outside(tls=pushes.tls, allow_private=True)
        courier = Courier(
            domains=lambda: domains,
            site=SITE,
            mailer=Mailer.at(f"smtp://127.0.0.1:{mails.port}", "Hà Nội <bao@example.vn>"),
            pusher=Pusher(vapid=Vapid.of(private, "mailto:ops@example.vn"), outside=outside),
            clock=clock,
            metrics=Metrics(),
        )
        yield Scene(
            url=city_url,
            conn=conn,
            term=leader.take_over(conn, "test"),
            clock=clock,
            city=Writer(city_url),
            mails=mails,
            pushes=pushes,
            courier=courier,
        )
        courier.close()
        outside.close()


@pytest.fixture
def served(scene: Scene, postgres: Postgres) -> Iterator[Served]:
    """The public site as the role that has four functions and no table of this."""
    postgres.create_login("public_login", member_of="hanoi_public")
    url = postgres.url("public_login", scene.url.rsplit("/", 1)[1])
    channels = Channels(email=True, push_key="B" * 87)
    with serving(url, page=PageSettings(channels=channels)) as site:
        yield site


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def manage(mail: EmailMessage) -> str:
    """The path of the page that a mail links to."""
    found = re.search(rf"{SITE}(/\S+/[A-Za-z0-9_-]{{43}})", text_of(mail))
    assert found is not None
    return found[1]


def subscribed(scene: Scene, served: Served, **change: str) -> EmailMessage:
    """Asked and confirmed; returns the first mail."""
    assert served.http.post(PAGES["vi"], data=FORM | change).status_code == 303
    scene.run()
    mail = scene.mails.mails[-1]
    assert served.http.post(manage(mail), data={"act": "confirm"}).status_code == 200
    return mail


def new(**change: Any) -> NewSubscription:
    known: dict[str, Any] = {
        "channel": Channel.EMAIL,
        "address": "an@example.vn",
        "language": "vi",
        "thing_id": GAUGE,
        "property": "water_depth",
        "at_least": 2,
    }
    return NewSubscription(**{**known, **change})


def push_new(scene: Scene, browser: Browser) -> str:
    token = subscriptions.new_token()
    keys = PushKeys(p256dh=browser.p256dh, auth=browser.auth)
    asked = new(channel=Channel.PUSH, address=scene.pushes.url, keys=keys)
    assert subscriptions.ask(scene.conn, asked, token) is Answer.TAKEN
    return token


def test_mail_from_asking_to_being_told_to_nothing(scene: Scene, served: Served) -> None:
    shown = served.http.get(PAGES["vi"], params={"thing": GAUGE})
    assert 'name="email"' in shown.text
    assert 'value="2"' in shown.text
    answer = served.http.post(PAGES["vi"], data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGES['vi']}/asked")
    scene.measure(40.0)
    [mail] = scene.mails.mails  # to confirm, and no notice before that
    assert mail["to"] == "an@example.vn"
    assert "Tông Đản" in mail["subject"]
    page = served.http.get(manage(mail))  # as a mail scanner does
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    assert scene.count("subscription WHERE confirmed_at IS NULL") == 1
    assert served.http.post(manage(mail), data={"act": "confirm"}).status_code == 200
    scene.measure(40.0)
    assert len(scene.mails.mails) == 1  # it was so already
    scene.measure(2.0)
    scene.measure(20.0)
    notice = scene.mails.mails[1]
    assert "Tông Đản: Độ sâu ngập 20 cm – Ngập vừa" in notice["subject"]
    assert "MÔ PHỎNG" not in notice["subject"]
    assert f"{SITE}/#{GAUGE}" in text_of(notice)
    assert notice["list-unsubscribe"] == f"<{SITE}{manage(notice)}>"
    assert notice["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    scene.measure(25.0)
    assert len(scene.mails.mails) == 2
    held = served.http.get(manage(notice)).text
    assert "an@example.vn" in held
    one_click = served.http.post(manage(notice), data={"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 200
    for table in ("subscription", "subscription_token", "subscription_message"):
        assert scene.count(table) == 0
    assert served.http.get(manage(notice)).status_code == 404
    assert served.http.post(manage(notice), data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_simulated_values_say_so_and_suspect_or_old_ones_say_nothing(scene: Scene, served: Served) -> None:
    subscribed(scene, served)
    scene.measure(0.0)
    scene.measure(40.0, quality=Quality.SUSPECT)
    scene.clock.at += timedelta(hours=1)
    scene.run()
    assert len(scene.mails.mails) == 1
    scene.measure(40.0, provenance=Provenance.SIMULATED)
    assert scene.mails.mails[1]["subject"].startswith("[MÔ PHỎNG] ")
    assert "MÔ PHỎNG" in text_of(scene.mails.mails[1])


def test_nobody_is_flooded_by_what_others_ask_and_answers_tell_nothing(scene: Scene, served: Served) -> None:
    subscribed(scene, served)
    answers = {
        (one.status_code, one.headers["location"], one.text)
        for at_least in ("2", "1", "3", "4", "2", "1", "3")
        for one in [served.http.post(PAGES["en"], data=FORM | {"at_least": at_least})]
    }
    assert answers == {(303, f"{PAGES['en']}/asked", "")}
    while scene.run():
        pass
    assert len(scene.mails.mails) == 5
    scene.clock.at += timedelta(hours=49)
    scene.run()
    assert scene.count("subscription WHERE confirmed_at IS NULL") == 0
    assert scene.count("subscription") == 1
    assert scene.count("subscription_mail_asked") == 0


def test_a_token_shows_and_deletes_what_its_address_has_and_nothing_else(
    scene: Scene, served: Served
) -> None:
    subscribed(scene, served, email="binh@example.vn")
    subscribed(scene, served)
    second = subscribed(scene, served, at_least="4")
    token = manage(second).rsplit("/", 1)[1]
    items = served.http.get(f"/api/v1/subscriptions/{token}").json()["items"]
    assert [(one["at_least"], one["own"]) for one in items] == [(4, True), (2, False)]
    other = scene.conn.execute("SELECT id FROM subscription WHERE address LIKE 'binh%'").fetchone()
    assert other is not None
    served.http.post(manage(second), data={"act": "delete", "one": str(other["id"])})
    assert scene.count("subscription") == 3
    gone = served.http.post(manage(second), data={"act": "delete", "one": str(items[1]["id"])})
    assert gone.status_code == 200
    assert scene.count("subscription WHERE address LIKE 'an%'") == 1
    assert served.http.delete(f"/api/v1/subscriptions/{token}").json() == {"deleted": 1}
    assert scene.count("subscription") == 1
    first = manage(subscribed(scene, served)).rsplit("/", 1)[1]
    subscribed(scene, served, at_least="1")
    assert served.http.delete(f"/api/v1/subscriptions/{first}?all=true").json() == {"deleted": 2}
    assert served.http.get(f"/api/v1/subscriptions/{token}").status_code == 404


def test_a_mail_that_was_not_taken_comes_again_under_the_same_id(scene: Scene, served: Served) -> None:
    served.http.post(PAGES["en"], data=FORM)
    scene.mails.refuses.append("an@")
    scene.run()
    assert scene.mails.mails == []
    assert scene.count("subscription_message") == 0  # 550: never
    scene.mails.refuses.clear()
    served.http.post(PAGES["en"], data=FORM)
    key = scene.conn.execute("SELECT key FROM subscription_message").fetchone()
    assert key is not None
    scene.conn.execute("UPDATE subscription_message SET claimed_term = 0, next_attempt_at = 'infinity'")
    scene.courier._term = None  # another leads, while the one before may have sent it
    scene.run()
    assert scene.mails.mails[0]["message-id"] == f"<{key['key']}@example.vn>"
    assert scene.mails.mails[0]["subject"] == "Please confirm: news of Tong Dan"
    with pytest.raises(leader.Deposed):
        scene.courier.run(scene.conn, scene.term - 1)


def test_push_is_read_by_the_browser_and_ends_when_it_is_gone(scene: Scene) -> None:
    browser = Browser()
    token = push_new(scene, browser)
    scene.measure(0.0)
    scene.measure(33.0, provenance=Provenance.SIMULATED)
    welcome, notice = (json.loads(browser.read(body)) for _, body in scene.pushes.got)
    assert welcome["title"] == "Tông Đản"
    assert notice["title"] == "[MÔ PHỎNG] Tông Đản"
    assert notice["body"].startswith("Độ sâu ngập 33 cm – Ngập nặng")
    assert notice["url"] == f"{SITE}/#{GAUGE}"
    headers = scene.pushes.got[1][0]
    assert (headers["content-encoding"], headers["ttl"]) == ("aes128gcm", "3600")
    assert headers["authorization"].startswith("vapid t=")
    assert re.fullmatch(r"[0-9a-f]{32}", headers["topic"])
    assert subscriptions.held(scene.conn, urlsplit(notice["manage"]).path.rsplit("/", 1)[1])
    scene.measure(0.0)
    scene.clock.at += timedelta(hours=2)
    scene.pushes.answers += [503, 410]
    scene.measure(33.0)
    assert scene.count("subscription") == 1
    scene.clock.at += timedelta(seconds=30)
    scene.run()
    assert scene.pushes.got[-1][0]["topic"] == scene.pushes.got[-2][0]["topic"]
    assert scene.count("subscription") == 0
    assert subscriptions.held(scene.conn, token) == []


def test_what_became_of_each_message_is_counted(scene: Scene, served: Served) -> None:
    assert scene.counted() == {}
    served.http.post(PAGES["en"], data=FORM)
    scene.mails.refuses.append("binh@")
    served.http.post(PAGES["en"], data=FORM | {"email": "binh@example.vn"})
    push_new(scene, Browser())
    scene.measure(0.0)
    assert scene.counted() == {("email", "sent"): 1, ("email", "dead"): 1, ("push", "sent"): 1}
    scene.pushes.answers += [503, 410]
    scene.measure(33.0)
    scene.clock.at += timedelta(seconds=30)
    scene.run()
    assert scene.counted() == {
        ("email", "sent"): 1,
        ("email", "dead"): 1,
        ("push", "sent"): 1,
        ("push", "retry"): 1,
        ("push", "gone"): 1,
    }


def test_what_could_not_be_sent_in_time_is_counted_when_it_is_thrown_away(
    scene: Scene, served: Served
) -> None:
    push_new(scene, Browser())
    scene.measure(0.0)
    scene.pushes.answers += [503]
    scene.measure(33.0)
    served.http.post(PAGES["en"], data=FORM)
    scene.conn.execute("UPDATE subscription_message SET next_attempt_at = 'infinity'")
    scene.clock.at += timedelta(hours=3)
    scene.run()
    assert scene.counted() == {("push", "sent"): 1, ("push", "retry"): 1, ("push", "expired"): 1}
    scene.clock.at += timedelta(hours=46)
    scene.run()
    assert scene.counted()["email", "expired"] == 1
    assert scene.count("subscription_message") == 0


def test_the_process_counts_what_it_sends(
    city_url: str, tmp_path: Path, mails: MailServer, pushes: PushService
) -> None:
    private, _ = new_keys()
    bind = f"127.0.0.1:{free_port()}"
    env = {
        "HANOI_DATABASE_URL": city_url,
        "HANOI_ALERTS_BIND": bind,
        "HANOI_PUBLIC_URL": SITE,
        "HANOI_MAIL_URL": f"smtp://127.0.0.1:{mails.port}",
        "HANOI_MAIL_FROM": "bao@example.vn",
        "HANOI_VAPID_PRIVATE_KEY": private,
    }
    mails.refuses.append("binh@")
    browser = Browser()
    keys = PushKeys(p256dh=browser.p256dh, auth=browser.auth)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        for one in (
            new(),
            new(address="binh@example.vn"),
            new(channel=Channel.PUSH, address=pushes.url, keys=keys),
        ):
            assert subscriptions.ask(conn, one, subscriptions.new_token()) is Answer.TAKEN
    with running("hanoi-alerts", env=env, bind=bind, folder=tmp_path):
        wait_for(lambda: sum(messages_counted(bind).values()) == 3, "all three have ended")
        counted = messages_counted(bind)
    assert counted == {("email", "sent"): 1, ("email", "dead"): 1, ("push", "gone"): 1}
    assert [mail["to"] for mail in mails.mails] == ["an@example.vn"]
    assert pushes.got == []  # its address is this machine's own: nobody is sent there


def test_push_is_asked_for_by_the_api_with_what_a_browser_says(scene: Scene, served: Served) -> None:
    browser = Browser()
    keys = {"p256dh": base64url(browser.p256dh), "auth": base64url(browser.auth)}
    asked = {
        "channel": "push",
        "thing": GAUGE,
        "at_least": 2,
        "language": "en",
        "push": {"endpoint": "https://push.example/send/1", "expirationTime": None, "keys": keys},
    }
    made = served.http.post("/api/v1/subscriptions", json=asked)
    assert made.status_code == 200, made.text
    assert made.json()["state"] == "subscribed"
    [item] = served.http.get(f"/api/v1/subscriptions/{made.json()['token']}").json()["items"]
    assert (item["thing"], item["at_least"], item["language"]) == (GAUGE, 2, "en")
    for endpoint in ("http://push.example/1", "https://10.1.2.3/", "https://localhost/", "https://a:b@c.d/"):
        wrong = served.http.post(
            "/api/v1/subscriptions", json=asked | {"push": {"endpoint": endpoint, "keys": keys}}
        )
        assert wrong.status_code == 422
        assert wrong.json()["errors"][0]["parameter"] == "push.endpoint"
    assert served.http.post("/api/v1/subscriptions", content=json.dumps(asked)).status_code == 422
    assert "access-control-allow-methods" in served.http.options("/api/v1/subscriptions").headers
    assert "POST" not in served.http.options("/api/v1/subscriptions").headers["access-control-allow-methods"]


def test_what_can_not_be_is_said_and_only_this_site_asks_and_not_too_often(served: Served) -> None:
    wrong = [
        {"email": "an@localhost"},
        {"email": "an@example.vn\r\nBcc: b@c.de"},
        {"email": ""},
        {"at_least": "7"},
        {"at_least": "²"},
        {"thing": "nowhere"},
        {"thing": "rain-trung-tam"},
        {"website": "x"},
    ]
    for change in wrong:
        answer = served.http.post(PAGES["en"], data=FORM | change)
        assert (answer.status_code, 'role="alert"' in answer.text) == (422, True), change
    elsewhere = served.http.post(PAGES["en"], data=FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    for path in (PAGES["vi"], f"{PAGES['en']}/asked", f"{PAGES['en']}/{'x' * 43}"):
        assert served.http.get(path).headers["cache-control"] == "no-store"
    statuses = [served.http.post(PAGES["en"], data=FORM).status_code for _ in range(21)]
    assert statuses == [303] * 20 + [429]


def test_the_public_role_reads_no_table_of_it(scene: Scene, postgres: Postgres) -> None:
    postgres.create_login("public_login", member_of="hanoi_public")
    url = postgres.url("public_login", scene.url.rsplit("/", 1)[1])
    with db.connect(url, name="test", schema="public_view", autocommit=True) as public:
        assert subscriptions.ask(public, new(), None) is Answer.TAKEN
        assert subscriptions.ask(public, new(thing_id="nowhere"), None) is Answer.UNKNOWN
        assert subscriptions.held(public, "x" * 43) == []
        assert subscriptions.confirm(public, "x" * 43) is False
        assert subscriptions.delete(public, "x" * 43, None) == 0
        for table in (
            "subscription",
            "subscription_token",
            "subscription_message",
            "subscription_mail_asked",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                public.execute(f"SELECT FROM public.{table}")
