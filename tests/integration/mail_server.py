"""A mail server that really listens on loopback and keeps what it was sent."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Final

SECRET: Final = "S3cr3t-5f2a77c1d9"


@dataclass
class MailServer:
    port: int = 0
    password: str = SECRET
    refuses: list[str] = field(default_factory=list)
    """Recipients that it does not know."""
    mails: list[EmailMessage] = field(default_factory=list)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """As much of SMTP (RFC 5321, AUTH of RFC 4954) as a client of a small server meets."""
    server = MailServer()

    class Handler(StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 mail.test ESMTP")
            while line := self.rfile.readline().decode().strip():
                verb, _, rest = line.partition(" ")
                match verb.upper():
                    case "EHLO" | "HELO":
                        self.say("250-mail.test")
                        self.say("250 AUTH PLAIN LOGIN")
                    case "AUTH":
                        self.say("235 ok" if self.knows(rest) else "535 5.7.8 no")
                    case "RCPT":
                        known = not any(one in rest for one in server.refuses)
                        self.say("250 ok" if known else "550 5.1.1 no such user")
                    case "DATA":
                        self.say("354 go on")
                        server.mails.append(self.mail())
                        self.say("250 ok")
                    case "QUIT":
                        self.say("221 bye")
                        return
                    case _:
                        self.say("250 ok")

        def knows(self, rest: str) -> bool:
            return base64.b64decode(rest.split()[-1]).split(b"\0")[-1].decode() == server.password

        def mail(self) -> EmailMessage:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            found = message_from_bytes(b"".join(lines), policy=policy.default)
            assert isinstance(found, EmailMessage)
            return found

    listening = ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.port = listening.server_address[1]
    Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
