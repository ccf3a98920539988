"""The running screen: one post for one touch, the newest page wins, pace, timers, focus, and nothing left behind."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.core.checkout import Reason, Rejection
from appliance.core.commands import CallHelp, RequestPayment
from appliance.core.effects import Sound
from tests.core.till import MILK, Till

from . import samples
from .driver import Driver, opened

ATTRACT = samples.till()
SALE = samples.till(transaction=samples.sale(*samples.BASKET), revision=3)


@pytest.fixture
def driver(kivy_home: Path, pictures: Path) -> Iterator[Driver]:
    with opened(samples.SCREEN, kivy_home, pictures=pictures) as driver:
        driver.show(ATTRACT)
        yield driver


def test_the_first_picture_is_drawn_before_the_register_is_ready(kivy_home: Path):
    with opened(samples.SCREEN, kivy_home) as driver:
        assert driver.view.page == "starting"
        driver.wait(lambda: driver.first_frames == 1)


def test_a_page_of_the_register_is_drawn(driver: Driver):
    driver.show(SALE)
    assert driver.view.page == "basket"
    assert driver.view.amount.startswith("135,60")


def test_of_pages_that_come_at_once_only_the_newest_is_drawn(driver: Driver):
    drawn = []
    draw = driver.app._screen.draw
    driver.app._screen.draw = lambda view, **more: (drawn.append(view.revision), draw(view, **more))
    for revision in range(10, 20):
        driver.bridge.show(replace(SALE, revision=revision))
    driver.wait(lambda: drawn)
    assert drawn == [19]


def test_a_page_from_another_thread_is_drawn_on_the_main_thread(driver: Driver):
    thread = threading.Thread(target=driver.bridge.show, args=(SALE,))
    thread.start()
    driver.wait(lambda: driver.view.page == "basket")
    thread.join()


def test_a_touch_posts_its_command_once(driver: Driver):
    driver.show(SALE)
    driver.tap("pay")
    driver.tap("pay")
    assert len([c for c in driver.posted if isinstance(c, RequestPayment)]) == 1


def test_a_button_takes_touches_again_with_the_next_revision(driver: Driver):
    driver.show(SALE)
    driver.tap("pay")
    assert driver.button("pay").held
    driver.show(replace(SALE, revision=4))
    assert not driver.button("pay").held


def test_a_button_takes_touches_again_after_a_second_without_an_answer(driver: Driver):
    driver.show(SALE)
    driver.tap("pay")
    began = time.monotonic()
    driver.wait(lambda: not driver.button("pay").held)
    assert 0.8 < time.monotonic() - began < 2


def test_a_finger_that_slides_off_posts_nothing(driver: Driver):
    driver.show(SALE)
    button = driver.button("pay")
    finger = driver.press(button.center_x, button.center_y)
    assert button.pressed
    finger.move(button.center_x, button.top + 200)
    assert not button.pressed
    finger.lift()
    assert not driver.posted


def test_the_gutter_between_two_buttons_belongs_to_the_nearer_one(driver: Driver):
    driver.show(SALE)
    button = driver.button("pay")
    driver.press(button.x - 6, button.center_y).lift()
    assert driver.posted


def test_a_refusal_is_told_in_the_strip(driver: Driver):
    driver.show(SALE)
    driver.bridge.refuse(Rejection(reason=Reason.NOT_NOW))
    driver.wait(lambda: driver.view.strip is not None)


def test_a_row_is_chosen_by_touching_it(driver: Driver):
    driver.show(SALE)
    driver.turn(0.1)
    rows = driver.app._screen.board.piece("basket:rows").shown()
    row = next(row for row in rows if row.row.text == "Lettmelk 1 l")
    x, y = row.to_window(*row.center)
    driver.press(x, y).lift()
    driver.turn(0.3)
    assert driver.view.page == "line"


def test_a_finger_that_scrolls_the_list_chooses_nothing(driver: Driver):
    driver.show(samples.till(transaction=samples.sale(*samples.many_lines()), revision=4))
    driver.turn(0.1)
    piece = driver.app._screen.board.piece("basket:rows")
    before = piece.view.scroll_y
    finger = driver.press(piece.center_x, piece.center_y)
    for step in range(1, 9):
        finger.move(piece.center_x, piece.center_y - 20 * step)
        driver.turn(0.02)
    finger.lift()
    driver.turn(0.3)
    assert piece.view.scroll_y > before
    assert driver.view.page == "basket"


def test_the_newest_line_is_in_sight_and_the_steps_page_through_the_rest(driver: Driver):
    lines = samples.many_lines()
    driver.show(samples.till(transaction=samples.sale(*lines), revision=4))
    driver.turn(0.1)
    piece = driver.app._screen.board.piece("basket:rows")
    assert piece.view.scroll_y == 0
    driver.tap("rows:up")
    driver.turn(0.1)
    assert piece.view.scroll_y > 0
    driver.tap("rows:down")
    assert piece.view.scroll_y == pytest.approx(0)


def test_scrolling_leaves_no_observer_behind(driver: Driver):
    driver.show(samples.till(transaction=samples.sale(*samples.many_lines()), revision=4))
    piece = driver.app._screen.board.piece("basket:rows")

    def observers() -> int:
        return len(piece.view.get_property_observers("bar_color"))

    driver.turn(0.1)
    before = observers()
    for step in range(200):
        piece.view.scroll_y = (step % 10) / 10
        driver.turn(0)
    assert observers() <= before + 1


def test_a_quiet_first_page_ticks_slowly_until_something_happens(driver: Driver, monkeypatch: pytest.MonkeyPatch):
    assert driver.app._pace.rate == 60
    driver.app._pace._calm_down.cancel()
    driver.app._pace._quieten(0)
    assert driver.app._pace.rate == 10
    driver.press(3, 3).lift()
    assert driver.app._pace.rate == 60


def test_the_pace_calms_down_by_itself_on_the_first_page_only(driver: Driver):
    assert driver.app._pace._calm_down.is_triggered
    driver.show(SALE)
    assert not driver.app._pace._calm_down.is_triggered


def test_nothing_is_drawn_while_nothing_changes(driver: Driver):
    from kivy.core.window import Window

    driver.turn(0.6)
    flips: list[float] = []
    count = lambda *_: flips.append(time.monotonic())  # noqa: E731 - unbound again below
    Window.fbind("on_flip", count)
    driver.turn(1.0)
    Window.funbind("on_flip", count)
    assert not flips


def test_the_heartbeat_beats_while_the_loop_turns(driver: Driver):
    driver.wait(lambda: driver.beats, seconds=4)


def test_a_quiet_customer_is_asked(kivy_home: Path):
    with opened(replace(samples.SCREEN, idle_seconds=1), kivy_home) as driver:
        driver.show(SALE)
        driver.wait(lambda: driver.view.page == "still_there")


def test_news_of_a_device_does_not_wind_the_clock_of_a_quiet_customer(driver: Driver):
    driver.show(SALE)
    timer = driver.app._idle._timer
    assert timer is not None
    driver.show(replace(SALE, revision=9, hub_online=True))
    assert driver.app._idle._timer is timer


def test_a_scan_or_a_touch_winds_the_clock_of_a_quiet_customer(driver: Driver):
    driver.show(samples.till(transaction=samples.sale(samples.MILK), revision=3))
    timer = driver.app._idle._timer
    driver.show(samples.till(transaction=samples.sale(samples.MILK, samples.BREAD), revision=4))
    second = driver.app._idle._timer
    assert second is not timer
    driver.tap("adjust")
    driver.app._tap("back")
    assert driver.app._idle._timer is not second


def test_the_six_keys_reach_every_action_and_press_it(driver: Driver):
    driver.show(SALE)
    wanted = {action.name for action in driver.view.actions()}
    driver.key(13)
    assert not driver.posted, "an Enter without focus must do nothing"
    reached = []
    for _ in range(len(wanted)):
        driver.key(9)
        reached.append(driver.app._focus)
    assert set(reached) == wanted
    assert reached[0] == "pay"
    driver.key(9)
    while driver.app._focus != "pay":
        driver.key(276)
    assert driver.button("pay").part.focused
    driver.key(13)
    assert any(isinstance(command, RequestPayment) for command in driver.posted)


def test_help_is_one_key_away(driver: Driver):
    driver.show(SALE)
    driver.key(282)
    assert any(isinstance(command, CallHelp) for command in driver.posted)


def test_the_keys_of_a_keypad_take_every_touch_and_tick(driver: Driver):
    driver.show(SALE)
    driver.app._tap("search")
    driver.app._tap("number")
    played = driver.sounds()
    driver.tap("key:4")
    driver.tap("key:4")
    assert driver.view.keypad is not None
    assert driver.view.keypad.entry == "44"
    assert played == [Sound.TICK, Sound.TICK]


def test_a_sound_of_the_register_is_played(driver: Driver):
    played = driver.sounds()
    driver.bridge.play(Sound.APPROVED)
    driver.wait(lambda: played)
    assert played == [Sound.APPROVED]


def test_another_language_changes_every_word_at_once(driver: Driver):
    driver.show(SALE)
    driver.app._tap("adjust")
    driver.app._tap("choose_language")
    driver.app._tap("language:en")
    driver.wait(lambda: driver.view.language == "en")


def test_a_picture_is_written_on_request_of_another_thread(driver: Driver, tmp_path: Path):
    from PIL import Image

    target = tmp_path / "screen.png"
    thread = threading.Thread(target=driver.app.screenshot, args=(target,))
    thread.start()
    driver.wait(lambda: not thread.is_alive())
    with Image.open(target) as picture:
        assert picture.size == (1280, 800)
        assert picture.convert("RGB").getpixel((4, 400)) == (0xF5, 0xF3, 0xEE)


def test_a_screen_that_was_stopped_before_it_ran_ends_at_once(kivy_home: Path):
    driver = Driver(samples.SCREEN, kivy_home)
    driver.app.stop()
    driver.app.run()


def test_widgets_whose_part_is_the_same_are_left_alone(driver: Driver):
    driver.show(SALE)
    applied = []
    for piece in driver.app._screen.board.pieces():
        piece.apply = lambda *_, key=piece.part.key: applied.append(key)
    driver.show(replace(SALE, revision=9, hub_online=True))
    assert applied == []


@pytest.mark.parametrize("size", ["landscape", "steps"])
def test_staff_sign_in_by_touching_the_name_of_the_shop(driver: Driver, size: str):
    till = Till()
    if size == "steps":
        till.scan(MILK)
    driver.show(till.checkout)
    height = driver.app._window.height
    driver.press(100, height - 40).lift()
    driver.wait(lambda: driver.view.page == "sign_in")


def test_a_finger_that_slides_off_the_name_of_the_shop_signs_nobody_in(driver: Driver):
    driver.show(Till().checkout)
    height = driver.app._window.height
    finger = driver.press(100, height - 40)
    finger.move(600, 300)
    finger.lift()
    driver.turn(0.2)
    assert driver.view.page == "attract"
