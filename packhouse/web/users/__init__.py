"""People: the door, a first visit, the way back in, one's account, and everybody's."""

from packhouse.web.users import account, door, first_visit, people, recovery
from packhouse.web.users.frame import bp

__all__ = ["account", "bp", "door", "first_visit", "people", "recovery"]
