"""Words for people: the choice of language, formats, and the texts of codes."""
