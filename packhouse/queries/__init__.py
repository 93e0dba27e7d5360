"""Nouns. Read-only; they return frozen dataclasses."""
