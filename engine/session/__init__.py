"""The asyncio shell around one conversation."""
