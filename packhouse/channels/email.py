"""E-mail: one message, one SMTP conversation; or a file each while no mail host is named."""

import os
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any

from flask import current_app

from packhouse import clock
from packhouse.channels import NotSent
from packhouse.channels.render import LINKS, letter, plain, render
from packhouse.domain.reminders import Failure, MessageKind, reference
from packhouse.domain.users import derived_secret
from packhouse.domain.waitlist import offer_token
from packhouse.services.outbox import Claimed

# A third of what the lease leaves after the first message of a batch.
TIMEOUT_SECONDS = 10
OK, FORWARDED, START_INPUT = 250, 251, 354
# Not every host takes eight bits, and none may be sent them unasked (RFC 6152).
SEVEN_BIT = policy.SMTP.clone(cte_type="7bit")
PERMANENT_CODES = range(500, 600)


def send(message: Claimed) -> None:
    """Hand one message to the mail host; raises NotSent."""
    config = current_app.config
    try:
        mail = compose(message, config)
        content = mail.as_bytes()
    except (KeyError, TypeError, ValueError) as error:
        # Trying again would not make the text better.
        raise NotSent(Failure.PERMANENT, f"cannot be written: {error!r}") from error
    try:
        if config["MAIL_HOST"]:
            _submit(content, sender=_sender(config), recipient=message.email, config=config)
        else:
            _write(content, config["MAIL_DIRECTORY"], f"{reference(message.key)}.eml")
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(Failure.TRANSIENT, f"{type(error).__name__}: {error}") from error


def compose(message: Claimed, config: Mapping[str, Any]) -> EmailMessage:
    """Return the mail. A message that is sent again has the same Message-ID as the first time."""
    rendered = render(
        message.kind,
        facts=message.facts,
        site_name=message.site_name,
        zone=message.zone,
        locale=message.locale,
    )
    mail = EmailMessage(policy=SEVEN_BIT)
    mail["From"] = config["MAIL_FROM"]
    mail["To"] = Address(display_name=plain(message.name), addr_spec=message.email)
    mail["Subject"] = rendered.subject
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{reference(message.key)}@{_sender(config).rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    url = f"{config['PUBLIC_URL']}/{_address(message, str(config['SECRET_KEY']))}"
    mail.set_content(letter(rendered, name=message.name, url=url, locale=message.locale))
    return mail


def _address(message: Claimed, key: str) -> str:
    """Return where a letter leads: to the inbox, or to a link that nobody else can compute."""
    if message.kind == MessageKind.OFFER_MADE:
        return f"offers/{offer_token(key, message.facts['offer'])}"
    if message.kind not in LINKS:
        return "messages"
    secret = derived_secret(key, message.kind, message.facts["nonce"])
    return f"{LINKS[message.kind]}/{secret}"


def _sender(config: Mapping[str, Any]) -> str:
    return parseaddr(config["MAIL_FROM"])[1]


def _submit(content: bytes, *, sender: str, recipient: str, config: Mapping[str, Any]) -> None:
    host = _connect(config)
    try:
        _converse(host, content, sender, recipient)
    finally:
        # The text is taken or not by now; how the conversation ends changes nothing.
        with suppress(smtplib.SMTPException, OSError):
            host.quit()
        host.close()


def _converse(host: smtplib.SMTP, content: bytes, sender: str, recipient: str) -> None:
    host.ehlo_or_helo_if_needed()
    code, answer = host.mail(sender)
    if code != OK:
        # Whatever it is, it is about the house's own address, not about hers.
        raise NotSent(Failure.TRANSIENT, _said(code, answer))
    _expect(host.rcpt(recipient))
    _expect(host.docmd("DATA"), START_INPUT)
    # A line of one dot ends the text, so dots that begin a line are doubled (RFC 5321, 4.5.2).
    host.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    _expect(_last_answer(host))


def _connect(config: Mapping[str, Any]) -> smtplib.SMTP:
    address = (config["MAIL_HOST"], config["MAIL_PORT"])
    host: smtplib.SMTP
    if config["MAIL_SECURITY"] == "tls":
        trust = ssl.create_default_context()
        host = smtplib.SMTP_SSL(*address, timeout=TIMEOUT_SECONDS, context=trust)
    else:
        host = smtplib.SMTP(*address, timeout=TIMEOUT_SECONDS)
    try:
        if config["MAIL_SECURITY"] == "starttls":
            host.starttls(context=ssl.create_default_context())
        if config["MAIL_USER"]:
            host.login(config["MAIL_USER"], config["MAIL_PASSWORD"])
    except BaseException:
        host.close()
        raise
    return host


def _last_answer(host: smtplib.SMTP) -> tuple[int, bytes]:
    try:
        return host.getreply()
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(Failure.AMBIGUOUS, f"no answer after the text: {error}") from error


def _expect(reply: tuple[int, bytes], wanted: int = OK) -> None:
    code, answer = reply
    if code != wanted and not (code == FORWARDED and wanted == OK):
        permanent = code in PERMANENT_CODES
        raise NotSent(Failure.PERMANENT if permanent else Failure.TRANSIENT, _said(code, answer))


def _said(code: int, answer: bytes) -> str:
    return f"{code} {answer.decode(errors='replace')}"


def _write(content: bytes, folder: Path, name: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{name}.{os.getpid()}"
    draft.write_bytes(content)
    # Renamed into place: whoever reads the folder sees whole letters only, each once.
    draft.replace(folder / name)
