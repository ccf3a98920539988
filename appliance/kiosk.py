"""The process of a till with its screen: first a picture, then everything else, and a clean end.

Nothing heavy is imported before the first frame; the till itself is put together on the register's own thread. What
keeps it from starting (a wrong key, a damaged journal) is shown to staff on a screen that stays: ending the process
would only make the service manager start it again, to fail again.
"""

from __future__ import annotations

import logging
import queue
import signal
import threading
from pathlib import Path
from typing import Final

from appliance import memory
from appliance.config import Config
from appliance.core.checkout import Checkout, LaneState, Policy, Rejection
from appliance.core.commands import Command, Stop
from appliance.core.effects import Sound
from appliance.core.identifiers import Language
from appliance.core.money import Currency
from appliance.errors import ApplianceError, StoreInUse
from appliance.ports import Presenter
from appliance.service import ServiceWatchdog
from appliance.ui import launch
from appliance.ui.app import KioskApp
from appliance.ui.bridge import Bridge
from appliance.ui.pages import Screen
from appliance.ui.view import Pointer, Theme

log = logging.getLogger(__name__)

EXIT_SOFTWARE: Final = 70
"""Exit code after a fault of ours (sysexits EX_SOFTWARE): the service manager starts the till again."""


def run(config: Config) -> int:
    """Run a till until it is stopped; give the exit code of the process."""
    return Kiosk(config).run()


def run_out_of_order(fault: str) -> int:
    """Show that the till is out of order, and to staff why, until it is stopped: its configuration cannot be read."""
    log.error("%s", fault)
    return Kiosk(Config(), fault=fault).run()


def screen_of(config: Config) -> Screen:
    """Give the screen's settings."""
    screen = config.screen
    return Screen(
        shop=config.shop.name,
        languages=tuple(Language(language) for language in screen.languages),
        timezone=config.till.timezone,
        idle_seconds=config.selling.idle_seconds,
        terminal=Pointer(screen.terminal_side),
        theme=Theme(screen.theme),
    )


def broken(config: Config, fault: str) -> Checkout:
    """Give the state of a till that could not be put together: out of order for customers, the reason for staff."""
    policy = Policy(
        store=config.till.store,
        workstation=config.till.workstation,
        currency=Currency.parse("NOK"),
        languages=tuple(Language(language) for language in config.screen.languages),
        tenders=(),
        receipts=(),
    )
    return Checkout(policy=policy, lane=LaneState.OUT_OF_SERVICE, fault=fault, revision=1)


class Kiosk:
    """A till with its screen."""

    def __init__(self, config: Config, *, offscreen: bool = False, steady_pace: bool = False, fault: str = "") -> None:
        memory.share_arena()
        self._config = config
        self._fault = fault
        self._inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._watchdog = ServiceWatchdog(screen=True)
        self._bridge = Bridge()
        self._code = 0
        home = config.till.state / "screen"
        launch.prepare(config.screen, home, offscreen=offscreen)
        self.app = KioskApp(
            screen_of(config),
            self._bridge,
            self._inbox.put,
            home=home,
            pictures=Path(config.screen.pictures or config.till.state / "pictures"),
            sound=config.screen.sound,
            steady_pace=steady_pace or config.screen.clock == "interrupt",
            heartbeat=self._watchdog.feed_screen,
            on_first_frame=self._begin,
            on_first_rest=memory.settle,
        )
        self._thread = threading.Thread(target=self._run_till, name="register")

    def run(self) -> int:
        """Show the screen until the till is stopped or ends by itself; give the exit code of the process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._inbox.put(Stop()))
        try:
            self.app.run()
        finally:
            self._watchdog.stopping()
            self._inbox.put(Stop())
            if self._thread.ident is not None:
                self._thread.join()
        return self._code

    def stop(self) -> None:
        """End in good order; from any thread."""
        self._inbox.put(Stop())

    def _begin(self) -> None:
        self._thread.start()

    def _run_till(self) -> None:
        """Run everything but the screen, and take the screen down with it."""
        if self._fault:
            self._wait_for_staff(self._fault)
        else:
            self._open_till()
        self.app.stop()

    def _open_till(self) -> None:
        from appliance.assembly import Till  # noqa: PLC0415 - a second's worth of libraries, after the first frame

        try:
            till = Till(self._config, self._inbox, self._bridge, self._watchdog)
            self._code = till.run(self._watchdog.ready)
        except StoreInUse as error:
            log.error("%s", error)  # noqa: TRY400 - said in full, and no fault of the program
            self._code = 2
        except ApplianceError as error:
            log.error("the till cannot start: %s", error)  # noqa: TRY400 - the same
            self._wait_for_staff(str(error))
        except Exception:
            log.exception("the register ended")
            self._code = EXIT_SOFTWARE

    def _wait_for_staff(self, fault: str) -> None:
        self._bridge.show(broken(self._config, fault))
        self._watchdog.ready()
        while True:
            try:
                if isinstance(self._inbox.get(timeout=1), Stop):
                    return
            except queue.Empty:
                self._watchdog.feed()


class Dark:
    """A presenter for a till without a screen; implements `ports.Presenter`."""

    def show(self, checkout: Checkout) -> None:
        """Say the state in the log."""
        log.debug("revision %d: %s %s", checkout.revision, checkout.lane, checkout.state)

    def refuse(self, rejection: Rejection) -> None:
        """Nobody is there to read it; the register logs it."""

    def play(self, sound: Sound) -> None:
        """No loudspeaker."""


def run_without_screen(config: Config) -> int:
    """Run the till alone, for tests and measurements; give the exit code of the process."""
    from appliance.assembly import Till  # noqa: PLC0415 - see `Kiosk._run_till`

    inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
    watchdog = ServiceWatchdog(screen=False)
    presenter: Presenter = Dark()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: inbox.put(Stop()))
    code = Till(config, inbox, presenter, watchdog).run(watchdog.ready)
    watchdog.stopping()
    return code
