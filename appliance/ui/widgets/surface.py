"""Parts that are only looked at: panels, words, icons, codes and the picture of the first page."""

from __future__ import annotations

from typing import Generic, TypeVar

from kivy.graphics import ClearBuffers, ClearColor, Color, PopMatrix, PushMatrix, Rectangle, Translate
from kivy.graphics.texture import Texture
from kivy.uix.widget import Widget

from appliance.ui.theme import QR_DARK, QR_LIGHT, RADIUS_CARD, rgb
from appliance.ui.widgets.drawing import ASSETS, Block, Mark, Surface, colour, upwards
from appliance.ui.widgets.parts import Code, Drawing, Level, Look, Panel, Part, Rect, Scene, Side, Words
from appliance.ui.widgets.type import Typesetter

P = TypeVar("P", bound=Part)
"""The part that a widget draws."""


class Piece(Widget, Generic[P]):
    """A widget that draws one part. Its canvas has its own origin, so that moving it draws nothing anew."""

    part: P
    look: Look

    def __init__(self, typesetter: Typesetter) -> None:
        super().__init__(size_hint=(None, None))
        self.typesetter = typesetter
        with self.canvas.before:
            PushMatrix()
            self._origin = Translate(0, 0)
        with self.canvas.after:
            PopMatrix()
        self.fbind("pos", self._move)

    def _move(self, *_: object) -> None:
        self._origin.xy = self.pos

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The whole of it, from its own origin, device px."""
        return (0, 0, self.width, self.height)

    def inside(self, rect: Rect) -> tuple[float, float, float, float]:
        """Turn a place inside the part into device px."""
        return upwards(rect, self.part.at.height, self.look.scale)

    def apply(self, part: P, look: Look) -> None:
        """Draw a part; the place is set by the board."""
        self.part, self.look = part, look
        self.draw()

    def draw(self) -> None:
        """Bring the canvas in line with part and look."""
        raise NotImplementedError


class PanelPiece(Piece[Panel]):
    """A plain surface."""

    def __init__(self, typesetter: Typesetter) -> None:
        super().__init__(typesetter)
        self._surface: Surface | None = None
        self._plain: tuple[Color, Rectangle] | None = None

    def draw(self) -> None:
        """Draw it."""
        part = self.part
        if part.whole:
            self._clear()
            return
        if not (part.radius or part.edge or part.shadow):
            self._draw_plain()
            return
        if self._surface is None:
            self._surface = Surface(shadow=part.shadow)
            self.canvas.add(self._surface)
        self._surface.place(self.box, part.radius, part.edge_width if part.edge else 0, self.look.scale)
        self._surface.paint(self.look, part.fill, part.edge)

    def _clear(self) -> None:
        """Begin the picture anew in one colour: that costs nothing, and drawing over the whole window does."""
        self.canvas.clear()
        with self.canvas:
            ClearColor(*colour(self.look, self.part.fill), 1)
            ClearBuffers()

    def _draw_plain(self) -> None:
        """Draw a surface that ends where the window ends: a smooth edge would show as a line there."""
        if self._plain is None:
            with self.canvas:
                self._plain = (Color(1, 1, 1, 1), Rectangle())
        tint, shape = self._plain
        tint.rgb = colour(self.look, self.part.fill)
        if tuple(shape.size) != tuple(self.size):
            shape.size = self.size


class WordsPiece(Piece[Words]):
    """A block of text."""

    def __init__(self, typesetter: Typesetter) -> None:
        super().__init__(typesetter)
        self._block = Block()
        self.canvas.add(self._block)

    @property
    def cut(self) -> bool:
        """Whether the text is larger than its place (half a line's leading may stand out)."""
        slack = 2 * self.look.scale
        return bool(self._block.widest > self.width + slack or self._block.height > self.height + slack)

    def seen(self) -> Rect:
        """Give the place that the letters really take, px of the stage."""
        part, scale = self.part, self.look.scale
        width, height = self._block.widest / scale, self._block.height / scale
        across = {Side.START: 0.0, Side.CENTRE: 0.5, Side.END: 1.0}[part.side]
        down = {Level.TOP: 0.0, Level.MIDDLE: 0.5, Level.BOTTOM: 1.0}[part.level]
        place = part.at
        return Rect(place.x + across * (place.width - width), place.y + down * (place.height - height), width, height)

    def draw(self) -> None:
        """Draw it."""
        part = self.part
        self._block.paint(self.look, part.ink)
        lines = self.typesetter.lines(part.text, part.size, part.at.width, bold=part.bold, balanced=part.balanced)
        self._block.write(
            self.typesetter,
            lines if part.text else [],
            self.box,
            size=part.size,
            bold=part.bold,
            side=part.side,
            level=part.level,
            right_to_left=self.look.right_to_left,
        )


class DrawingPiece(Piece[Drawing]):
    """An icon."""

    def __init__(self, typesetter: Typesetter) -> None:
        super().__init__(typesetter)
        self._mark = Mark()
        self.canvas.add(self._mark)

    def draw(self) -> None:
        """Draw it."""
        room = min(self.part.at.width, self.part.at.height)
        size = max((size for size in (40, 64, 120) if size <= room), default=int(room))
        self._mark.place(self.part.icon, self.box, size, self.look.scale)
        self._mark.paint(self.look, self.part.ink)


class ScenePiece(Piece[Scene]):
    """The picture of the first page, in the colours of the theme, cut to its place with round corners."""

    def __init__(self, typesetter: Typesetter) -> None:
        super().__init__(typesetter)
        from kivy.graphics import SmoothRoundedRectangle  # noqa: PLC0415 - with the first page only

        with self.canvas:
            self._colour = Color(1, 1, 1, 1)
            self._shape = SmoothRoundedRectangle(size=(1, 1))
        self._file = ""

    def draw(self) -> None:
        """Draw it."""
        kind = "portrait" if self.part.portrait else "landscape"
        file = str(ASSETS / "pictures" / f"attract.{kind}.{self.look.theme}.png")
        if file != self._file:
            from kivy.core.image import Image as CoreImage  # noqa: PLC0415 - with the first page only

            self._file = file
            self._texture: Texture = CoreImage(file, keep_data=False).texture
        radius = RADIUS_CARD * self.look.scale
        self._shape.size = (self.width, self.height)
        self._shape.radius = [(radius, radius)] * 4
        self._shape.texture = _cut(self._texture, self.width / self.height)


def _cut(texture: Texture, ratio: float) -> Texture:
    """Give the middle of a texture with this ratio of width and height."""
    width = min(texture.width, texture.height * ratio)
    height = min(texture.height, texture.width / ratio)
    return texture.get_region((texture.width - width) / 2, (texture.height - height) / 2, width, height)


class CodePiece(Piece[Code]):
    """A QR code."""

    def __init__(self, typesetter: Typesetter) -> None:
        super().__init__(typesetter)
        with self.canvas:
            Color(*rgb(QR_LIGHT))
            self._ground = Rectangle()
            Color(1, 1, 1, 1)
            self._code = Rectangle()
        self._text = ""
        self.side = 0
        """Of the code without its quiet zone, device px."""
        self.modules = 0
        """Of one side, without the quiet zone."""

    def draw(self) -> None:
        """Draw it: whole device px per module, so that no module is wider than another."""
        if self.part.text != self._text:
            self._text = self.part.text
            self._texture, self.modules = _qr_texture(self._text)
        self._ground.size = self.size
        module = max(1, int(min(self.size) / (self.modules + 8)))
        self.side = side = module * self.modules
        self._code.texture = self._texture
        self._code.size = (side, side)
        self._code.pos = (round((self.width - side) / 2), round((self.height - side) / 2))


def _qr_texture(text: str) -> tuple[Texture, int]:
    import qrcode  # noqa: PLC0415 - takes 40 ms and few pages need it
    from qrcode.constants import ERROR_CORRECT_M  # noqa: PLC0415 - the same

    code = qrcode.QRCode(border=0, error_correction=ERROR_CORRECT_M)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    dark, light = (bytes(round(channel * 255) for channel in rgb(colour)) for colour in (QR_DARK, QR_LIGHT))
    texture = Texture.create(size=(len(matrix), len(matrix)), colorfmt="rgb")
    texture.mag_filter = texture.min_filter = "nearest"
    pixels = b"".join(dark if module else light for row in reversed(matrix) for module in row)
    texture.blit_buffer(pixels, colorfmt="rgb", bufferfmt="ubyte")
    return texture, len(matrix)
