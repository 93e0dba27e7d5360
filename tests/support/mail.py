"""A mail host of our own that answers as it is told to."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class Host:
    """A mail host that answers as it is told to."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.drops_after_the_dot = False
        self.taken: list[EmailMessage] = []
        self.port = 0

    async def handle_MAIL(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            found = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(found, EmailMessage)
            self.taken.append(found)
        if self.drops_after_the_dot:
            server.transport.abort()
        return answer


@contextmanager
def running(host: Host) -> Iterator[Host]:
    """Let the host listen on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host.port = probe.getsockname()[1]
    controller = Controller(host, hostname="127.0.0.1", port=host.port)
    controller.start()
    try:
        yield host
    finally:
        controller.stop()


def settings(host: Host) -> dict[str, Any]:
    """Return the settings with which packhouse finds this host."""
    return {
        "MAIL_HOST": "127.0.0.1",
        "MAIL_PORT": host.port,
        "MAIL_SECURITY": "none",
        "MAIL_FROM": "Rumah Kemasan <rumah@contoh.example>",
    }
