"""``overlay.png``: the picture, the picture with its evidence, and every finding as a bar, for people who would rather look."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from model_code.data.images import DecodedImage
from model_code.graph import Scores
from model_code.predictor import enlarge
from model_code.reading import Finding, Reading

HEIGHT: Final = 720
WIDEST: Final = 960
"""A film is drawn as large as fits into WIDEST x HEIGHT, whatever its own shape."""
PANEL: Final = 430
MARGIN: Final = 16
SHOWN: Final = 3
"""Peaks drawn on the film: the most probable findings that are not absent."""

INK, PAPER, FAINT = (235, 238, 242), (18, 21, 26), (120, 128, 138)
COLOURS: Final = {"present": (255, 107, 74), "uncertain": (245, 190, 80), "absent": (86, 156, 214)}


def overlay(image: DecodedImage, scores: Scores, reading: Reading) -> Image.Image:
    """A picture for one Reading, on a film that was read or one that was not assessed."""
    scale = min(HEIGHT / image.rows, WIDEST / image.columns)
    size = max(1, round(image.columns * scale)), max(1, round(image.rows * scale))
    film = Image.fromarray(np.uint8(image.pixels * 255)).resize(size, Image.Resampling.LANCZOS).convert("RGB")
    width = film.width
    canvas = Image.new("RGB", (2 * width + PANEL + 4 * MARGIN, HEIGHT + 2 * MARGIN), PAPER)
    canvas.paste(film, (MARGIN, MARGIN))
    right = (2 * MARGIN + width, MARGIN)
    shown = _shown(reading)
    canvas.paste(_heat(film, scores, reading, shown), right)
    pen = ImageDraw.Draw(canvas)
    for number, finding in enumerate(shown, start=1):
        _mark(pen, right, film.size, finding, number)
    _panel(pen, 2 * width + 3 * MARGIN, reading, shown)
    return canvas


def _shown(reading: Reading) -> list[Finding]:
    likely = [finding for finding in reading.findings if finding.decision != "absent"]
    return sorted(likely, key=lambda finding: -finding.probability)[:SHOWN]


def _heat(film: Image.Image, scores: Scores, reading: Reading, shown: list[Finding]) -> Image.Image:
    """The film with the evidence of the shown findings laid over it in warm colours."""
    if not shown:
        return film
    order = [finding.label for finding in reading.findings]
    evidence = np.max([_evidence(scores.maps[0, order.index(finding.label)]) for finding in shown], axis=0)
    mask = Image.fromarray(np.uint8(evidence * 170)).resize(2 * (max(film.size),), Image.Resampling.BICUBIC)
    left, top = (mask.width - film.width) // 2, (mask.height - film.height) // 2  # undo the padding to a square
    mask = mask.crop((left, top, left + film.width, top + film.height))
    return Image.composite(Image.new("RGB", film.size, COLOURS["present"]), film, mask)


def _evidence(label_map: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map's upper half of its own range, 0 to 1: shows where, not how much."""
    large = enlarge(label_map)
    low, high = float(np.median(large)), float(large.max())
    return np.asarray(np.clip((large - low) / max(high - low, 1e-6), 0, 1) ** 2, np.float32)


def _mark(pen: ImageDraw.ImageDraw, origin: tuple[int, int], size: tuple[int, int], finding: Finding, number: int) -> None:
    x, y = origin[0] + finding.peak.x * size[0], origin[1] + finding.peak.y * size[1]
    pen.ellipse((x - 15, y - 15, x + 15, y + 15), outline=COLOURS[finding.decision], width=3)
    pen.text((x + 20, y - 11), str(number), fill=INK, font=_font(20), stroke_width=2, stroke_fill=PAPER)


def _panel(pen: ImageDraw.ImageDraw, left: int, reading: Reading, shown: list[Finding]) -> None:
    pen.text((left, MARGIN), f"{reading.model.name}  {reading.model.version}", fill=INK, font=_font(19))
    pen.text((left, MARGIN + 28), "research use only, not a medical device", fill=FAINT, font=_font(15))
    y = MARGIN + 66
    if reading.status == "not_assessed":
        pen.text((left, y), "NOT ASSESSED", fill=COLOURS["uncertain"], font=_font(26))
        for reason in reading.reasons:
            y = _paragraph(pen, (left, y + 44), f"{reason.code}: {reason.detail}")
        return
    numbers = {finding.label: number for number, finding in enumerate(shown, start=1)}
    for finding in reading.findings:
        mark = f"{numbers[finding.label]} " if finding.label in numbers else ""
        pen.text((left, y), mark + finding.label.replace("_", " "), fill=INK, font=_font(16))
        bar, colour = left + 190, COLOURS[finding.decision]
        pen.rectangle((bar, y + 4, bar + 130, y + 15), fill=(44, 49, 58))
        pen.rectangle((bar, y + 4, bar + 130 * finding.probability, y + 15), fill=colour)
        pen.text((bar + 140, y), f"{finding.probability:.2f}", fill=INK, font=_font(16))
        pen.text((bar + 184, y), {"present": "+", "uncertain": "?", "absent": "-"}[finding.decision], fill=colour, font=_font(18))
        y += 34
    pen.text((left, y + 14), "+ present   ? uncertain   - absent", fill=FAINT, font=_font(15))
    if "phantoms" in reading.notice:
        pen.text((left, y + 40), "trained on phantoms: drawings, not people", fill=COLOURS["uncertain"], font=_font(15))


def _paragraph(pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str) -> int:
    """Writes wrapped text; returns the height where it ends."""
    x, y = at
    line = ""
    for word in [*text.split(), ""]:
        if not word or pen.textlength(f"{line} {word}", font=_font(16)) > PANEL - MARGIN:
            pen.text((x, y), line, fill=INK, font=_font(16))
            line, y = word, y + 24
        else:
            line = f"{line} {word}".strip()
    return y


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
