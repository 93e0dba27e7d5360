"""Invented houses, people and histories: DATA CONTOH, the same for the same seed and instant."""
