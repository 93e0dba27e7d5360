"""The worker's round in a test: every duty once, and no mail leaves the house."""

from flask import Flask

from packhouse.channels import in_app
from packhouse.db import db
from packhouse.domain.reminders import Channel
from packhouse.jobs.reminders import deliver_messages
from packhouse.jobs.schedule import DUTIES, do_duties

# Invented people get their messages in the inbox only; their mail goes nowhere.
SENDERS = dict.fromkeys(Channel, in_app.send)


def duties_of(app: Flask) -> list[str]:
    """Do the worker's duties once, with all mail into the inbox; return what failed."""
    duties = [each for each in DUTIES if each.name != "deliver_messages"]
    found = do_duties(app, duties, note=lambda _outcome: None)
    with app.app_context():
        deliver_messages(senders=SENDERS)
        db.session.remove()
    return [f"{each.duty}: {each.error}"[:500] for each in found if each.error]
