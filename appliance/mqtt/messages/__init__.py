"""Every payload that kiosk and hub exchange: built and strictly parsed. With `topics`, the contract of the protocol.

What arrives is hostile until parsed: size first, then form, then signature; unknown fields are ignored, unknown event
types are kept. `Malformed` is the only exception that a payload can cause.
"""
