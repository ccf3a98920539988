"""The only state that the screen owns, and how it changes: `step(entry, intent, page) -> Step`. Pure, no Kivy.

An `Intent` is a touch (an action by its name), a new page of the register, a refusal, or a time-out. A `Step` is the
new Entry, the commands for the register's inbox, and a sound. A name that means nothing in the present picture changes
nothing: a finger may always be slower than the register.

The screen runs one timer: after every step it asks `deadline(page, entry)`, and starts the timer anew if the answer
differs from the one that runs, or if the person touched or typed something; at its end it steps with `deadline.intent`.
"""

from __future__ import annotations

from dataclasses import replace

from appliance.ui.entry.arrivals import refused, shown
from appliance.ui.entry.deadlines import Deadline, deadline, elapsed
from appliance.ui.entry.person import Elapsed, Entry, Intent, Refused, Shown, Step, Touch
from appliance.ui.entry.touches import touched
from appliance.ui.pages import Page

__all__ = ["Deadline", "Elapsed", "Entry", "Intent", "Refused", "Shown", "Step", "Touch", "deadline", "step"]


def step(entry: Entry, intent: Intent, page: Page) -> Step:
    """Take one intent. `page` is the page on the screen; for `Shown` it is the one before the new one."""
    match intent:
        case Touch(name=name):
            return touched(replace(entry, hint=None), name, page)
        case Shown(page=new):
            return shown(entry, page, new)
        case Refused(rejection=rejection):
            return refused(entry, rejection, page)
        case Elapsed(key=key):
            return elapsed(entry, key, page)
