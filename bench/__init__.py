"""Measurements of packhouse: `./run bench [NAME …]` prints one JSON line a figure."""
