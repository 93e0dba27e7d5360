"""The auditor: every invariant recomputed without using the guards' own tables."""

from packhouse.queries.audit.verify import CHECKS, Finding, verify

__all__ = ["CHECKS", "Finding", "verify"]
