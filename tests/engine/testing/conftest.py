"""For runs of pytest inside a test: what each loads is forgotten, and numpy loads only once."""

import numpy  # noqa: F401
