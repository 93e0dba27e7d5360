"""What no longer fits, the plans made for it, and what people answered."""

from packhouse.models.replanning.misfits import Misfit, load_misfits, load_operators

__all__ = ["Misfit", "load_misfits", "load_operators"]
