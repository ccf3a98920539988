"""Setting text with Kivy's own text provider: lines of runs, each a white texture that its surface tints."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from kivy.core.text import Label as CoreLabel
from kivy.graphics.texture import Texture

from appliance.ui.runs import FontFiles, Run, Script, break_lines, plain, visual_runs
from appliance.ui.theme import Size

_KEPT = 64
"""Textures of short texts that are kept for the next picture."""
_MEASURED = 4096


@dataclass(frozen=True, slots=True)
class Set:
    """One run, drawn: its texture and how far its top stands above the base line, device px."""

    texture: Texture
    ascent: float


class Typesetter:
    """Measures and draws text at one scale. Used on the main thread only."""

    def __init__(self, fonts: FontFiles, scale: float) -> None:
        self.fonts = fonts
        self.scale = scale
        self._labels: dict[tuple[Script, Size, bool], CoreLabel] = {}
        self._widths: OrderedDict[tuple[str, Size, bool], float] = OrderedDict()
        self._set: OrderedDict[tuple[str, Size, float, bool, bool], list[str]] = OrderedDict()
        self._drawn: OrderedDict[tuple[Run, Size, bool], Set] = OrderedDict()

    def width(self, text: str, size: Size, *, bold: bool = False) -> float:
        """Give the width of a text in one line, px of the reference panel."""
        key = (text, size, bold)
        if key not in self._widths:
            if len(self._widths) >= _MEASURED:
                self._widths.popitem(last=False)
            pixels = sum(self._label(run.script, size, bold=bold).get_extents(run.text)[0] for run in visual_runs(text))
            self._widths[key] = pixels / self.scale
        return self._widths[key]

    def lines(self, text: str, size: Size, width: float, *, bold: bool = False, balanced: bool = False) -> list[str]:
        """Set a text in lines of at most `width` px of the reference panel."""
        if "\n" not in text and self.width(text, size, bold=bold) <= width:
            return [plain(text).rstrip(" ")]
        key = (text, size, width, bold, balanced)
        if key not in self._set:
            if len(self._set) >= _MEASURED:
                self._set.popitem(last=False)
            self._set[key] = break_lines(text, width, lambda line: self.width(line, size, bold=bold), balanced=balanced)
        return self._set[key]

    def ascent(self, size: Size, *, bold: bool = False) -> float:
        """Give Roboto's height above the base line, device px."""
        return float(self._label(Script.LATIN, size, bold=bold).get_ascent())

    def descent(self, size: Size, *, bold: bool = False) -> float:
        """Give Roboto's depth below the base line, device px."""
        return abs(float(self._label(Script.LATIN, size, bold=bold).get_descent()))

    def draw(self, run: Run, size: Size, *, bold: bool) -> Set:
        """Draw a run in white."""
        key = (run, size, bold)
        if key in self._drawn:
            self._drawn.move_to_end(key)
            return self._drawn[key]
        label = self._new_label(run.script, size, bold=bold, text=run.text)
        label.refresh()
        drawn = Set(label.texture, float(label.get_ascent()))
        if len(run.text) <= 24:
            self._drawn[key] = drawn
            if len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)
        return drawn

    def _label(self, script: Script, size: Size, *, bold: bool) -> CoreLabel:
        key = (script, size, bold)
        if key not in self._labels:
            self._labels[key] = self._new_label(script, size, bold=bold)
        return self._labels[key]

    def _new_label(self, script: Script, size: Size, *, bold: bool, text: str = "") -> CoreLabel:
        arabic = script is Script.ARABIC
        return CoreLabel(
            text=text,
            font_size=max(1, round(size * self.scale)),
            font_name=self.fonts.path(script, bold=bold),
            bold=bold and script is Script.LATIN,
            font_direction="rtl" if arabic else "ltr",
            font_script_name="Arab" if arabic else "Latin",
        )
