"""Audio and transport: a leaf library that knows nothing of conversations."""
