"""Pictures of the goods: PNG files of one folder, loaded when first drawn, the last 48 kept."""

from __future__ import annotations

import logging
from collections import OrderedDict
from pathlib import Path
from typing import Final

from kivy.core.image import Image as CoreImage
from kivy.graphics.texture import Texture

KEPT: Final = 48
"""Textures kept: two pages of tiles with room to spare; at 256 px about 12 MB."""
_LOG = logging.getLogger(__name__)


class Pictures:
    """The cache. Used on the main thread only; a file that is missing or broken is asked for once."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._kept: OrderedDict[str, Texture | None] = OrderedDict()

    def texture(self, name: str) -> Texture | None:
        """Give the texture of a picture (`core.catalogue.Item.picture`), None if there is none."""
        if not name or self._folder is None:
            return None
        if name not in self._kept:
            self._kept[name] = self._load(self._folder, name)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(name)
        return self._kept[name]

    @staticmethod
    def _load(folder: Path, name: str) -> Texture | None:
        file = (folder / f"{name}.png").resolve()
        if folder.resolve() not in file.parents or not file.is_file():
            _LOG.info("no picture %r in %s", name, folder)
            return None
        try:
            return CoreImage(str(file), keep_data=False, nocache=True, mipmap=True).texture
        except Exception:  # noqa: BLE001 - Kivy's loaders raise whatever their library does; a picture is never needed
            _LOG.warning("picture %s cannot be read", file, exc_info=True)
            return None

    def __len__(self) -> int:
        """Give the number of pictures kept."""
        return len(self._kept)
