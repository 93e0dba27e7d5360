"""Houses: the list and a public page each; for managers their calendar and their promises."""

from packhouse.web.sites import closures, hours, houses, shifts, standards
from packhouse.web.sites.frame import bp

__all__ = ["bp", "closures", "hours", "houses", "shifts", "standards"]
