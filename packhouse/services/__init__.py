"""Verbs. Each use case is one transaction; steps take the session and never commit."""
