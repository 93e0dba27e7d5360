"""Ways to reach a person: one adapter a channel."""
