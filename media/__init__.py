"""Audio and transport: a leaf library that knows nothing of conversations.

In: sound, keys and typed text of the people in a room. Out: the agent's sound, and word of what of
it was heard. One format inside: int16 mono, 48 kHz, 20 ms (`frames`); one clock (`clock`), virtual
in tests.

- What is said: `playout_buffer` (counts what was heard), `tracks` (the room's source), `pacing`.
- Rooms: `room` is the seam; `loopback` in memory, `files`, `webrtc` for one call, and `signaling`,
  the local HTTP endpoint in front of it; `webrtc_caller` is the other end.
- The path of a call: `connection` = `aiortc_internals` (the only place with private names) ->
  `jitter_buffer` -> `opus` -> `incoming`; `rtc_track` the other way; `dtmf`, `data_channel`.
- Helpers of sound: `resample`, `levels`, `audio_file`, `recorder`.

Forbidden: engine, providers, and any decision about who may speak.
"""
