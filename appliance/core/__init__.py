"""The pure core: decides what happens, does nothing itself. No I/O, no clock, no threads, no float."""
