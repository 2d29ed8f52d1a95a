"""The public test kit: virtual time, playbooks, golden conversations, a pytest plugin.

- `engine.testing.loop`: an asyncio loop whose clock jumps; a deadlock raises.
"""
