"""The default stack: no key, no network, CPU only."""
