"""The demo for people: windows (drawn off the screen here), the panel and the hub's page, until somebody ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from simulators.stage import wait_for


def test_two_tills_one_panel_and_the_hubs_page_are_there_until_somebody_ends_the_demo(tmp_path: Path) -> None:
    said = tmp_path / "said"
    surroundings = {**os.environ, "DISPLAY": ":0", "SDL_VIDEODRIVER": "offscreen", "BROWSER": "echo opened %s"}
    with said.open("wb") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "simulators.demo", "--kiosks", "2", str(tmp_path)],
            env=surroundings,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: said.read_text().count("opened http") == 2, "the opening of both pages", 60)
        panel, page = re.findall(r"^opened (\S+)$", said.read_text(), re.MULTILINE)
        assert _get(panel.removesuffix("1/") + "shop") == {"counters": 2, "hub": page}
        with urllib.request.urlopen(page, timeout=10) as answer:
            assert answer.url.startswith(page)
        found = re.search(r"name (\S+), password (\S{12,})$", said.read_text(), re.MULTILINE)
        assert found, said.read_text()
        assert all(_get(f"{panel.removesuffix('1/')}{number}/api/goods") for number in (1, 2))
        wait_for(lambda: said.read_text().count("main/1 is in force") == 2, "the price list at both tills", 60)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0, said.read_text()
        assert "hub: 0 sales, 0 øre: all agree" in said.read_text()
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(60)


def _get(url: str) -> object:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)
