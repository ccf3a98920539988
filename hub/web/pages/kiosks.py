"""The tills: which are there, how they fare, and what needs a person."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from hub.access.roles import Right
from hub.alarms import alarms
from hub.quarantine import entries, release
from hub.reports import kiosk_states
from hub.web.gate import Page
from hub.web.visit import Declined, Visit

_NEWEST: Final = 200


def listing(visit: Visit) -> Response:
    """List the tills."""
    now = visit.site.clock()
    with visit.read() as connection:
        return visit.show("kiosks.html", kiosks=kiosk_states(connection, now), now=now)


def alarm_list(visit: Visit) -> Response:
    """List alarms and rows in quarantine."""
    with visit.read() as connection:
        raised, held = alarms(connection), entries(connection)
        tills = {
            state.kiosk: f"{state.store} / {state.workstation}"
            for state in kiosk_states(connection, visit.site.clock())
        }
    return visit.show(
        "alarms.html", alarms=raised[::-1][:_NEWEST], quarantine=held[:_NEWEST], held=len(held), tills=tills
    )


def free(visit: Visit) -> Response:
    """Try to book a row in quarantine again."""
    form = visit.form
    try:
        kiosk, epoch, seq = form["kiosk"], int(form["epoch"]), int(form["seq"])
    except (KeyError, ValueError):
        raise Declined("There is no such row.") from None
    if not 0 <= max(epoch, seq) < 2**31:
        raise Declined("There is no such row.")
    with visit.write() as connection:
        why = release(connection, kiosk, epoch, seq)
        if why:
            raise Declined("The row stays in quarantine: {why}.", why=why)
        visit.audit(connection, "quarantine.release", f"{kiosk}/{epoch}/{seq}")
    return visit.go("alarms", done="released")


PAGES: Final = (
    Page(path="/kiosks", handler=listing, right=Right.KIOSKS),
    Page(path="/alarms", handler=alarm_list, right=Right.ALARMS),
    Page(path="/alarms/release", handler=free, right=Right.RELEASE, again=alarm_list),
)
