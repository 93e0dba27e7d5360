"""Businesses: found and registered at the front desk, kept by their own people."""

from packhouse.web.businesses import merging, papers, people, records
from packhouse.web.businesses.frame import bp

__all__ = ["bp", "merging", "papers", "people", "records"]
