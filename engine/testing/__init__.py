"""The public test kit: virtual time, scripted conversations, golden timelines."""
