"""A normal chest, drawn: body, lungs, heart, diaphragm, ribs, clavicles and vessels as fields on one square film.

Lengths are fractions of the side of a film that shows the whole trunk (``zoom`` then crops or widens it), y points down, and
the patient's right lung lies on the left of the film, as films are read. A film holds *fields* rather than grey values: ``air``
says how much of the tissue is aerated, ``bone`` and ``opacity`` what is added to it. A sign changes the fields where it lies;
``render`` turns them into a picture once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

Field = NDArray[np.float32]
Mask = NDArray[np.bool_]

RIGHT, LEFT = -1, 1
"""Sides of the patient, as the sign of the horizontal axis on the film."""

SIDES = (RIGHT, LEFT)


@dataclass(frozen=True)
class Anatomy:
    """What stays the same over the films of one patient."""

    midline: float
    apex: float
    base: float
    half_chest: float
    cardiothoracic_ratio: float
    tissue: float
    bone: float
    rib_spacing: float
    breast: float
    aorta: float

    @classmethod
    def sample(cls, rng: np.random.Generator, *, sex: str, age: int) -> Anatomy:
        """Draws a patient; women get a breast shadow, the old a wider aortic knob and thinner bone."""
        return cls(
            midline=0.5 + rng.normal(0, 0.008),
            apex=rng.uniform(0.10, 0.15),
            base=rng.uniform(0.70, 0.77),
            half_chest=rng.uniform(0.34, 0.40),
            cardiothoracic_ratio=rng.uniform(0.40, 0.48),
            tissue=rng.uniform(0.60, 0.72),
            bone=rng.uniform(0.05, 0.085) * (1.0 if age < 60 else 0.85),
            rib_spacing=rng.uniform(0.075, 0.088),
            breast=rng.uniform(0.03, 0.08) if sex == "F" else 0.0,
            aorta=0.045 + 0.0002 * age,
        )


class Film:
    """One exposure of one patient: the fields that signs change, and the masks that say where things are."""

    def __init__(self, anatomy: Anatomy, rng: np.random.Generator, *, side: int, view: str) -> None:
        self.anatomy, self.rng, self.side, self.view = anatomy, rng, side, view
        self.zoom = rng.uniform(0.95, 1.22)  # how much of the film the chest fills
        self.centre = (0.5 + rng.normal(0, 0.015), 0.47 + rng.normal(0, 0.02))
        axis = (np.arange(side, dtype=np.float32) + 0.5) / side - 0.5
        x, y = np.meshgrid(axis / self.zoom + self.centre[0], axis / self.zoom + self.centre[1])
        self.x, self.y = x.astype(np.float32), y.astype(np.float32)
        self.heart_scale = 1.10 if view == "AP" else 1.0  # the heart lies far from the detector and is magnified
        self.half_chest = anatomy.half_chest
        self.diaphragm = {RIGHT: anatomy.base - 0.015, LEFT: anatomy.base + 0.015}  # the liver lifts the right dome
        self.flatness = 1.0
        self.heart_ratio = anatomy.cardiothoracic_ratio * self.heart_scale
        self.air: Field
        self.opacity: Field = np.zeros((side, side), np.float32)
        self.bone: Field = np.zeros((side, side), np.float32)
        self.markings: Field = np.ones((side, side), np.float32)

    # --- geometry -------------------------------------------------------------------------------------------------

    def outward(self, side: int) -> Field:
        """Distance from the midline towards one side of the patient; negative beyond the midline."""
        return side * (self.x - self.anatomy.midline)

    def lung(self, side: int) -> Mask:
        """The lung's outline: a dome at the apex, walls that widen downwards, a curved diaphragm with its sharp outer angle."""
        u, medial, lateral = self.outward(side), 0.045, self.half_chest
        centre, width = (medial + lateral) / 2, (lateral - medial) / 2
        height = self.anatomy.base - self.anatomy.apex
        dome = np.clip(1 - (self.y - self.anatomy.apex) / (0.6 * height), 0, 1)
        across = np.abs((u - centre + 0.05 * dome) / width)
        return np.asarray((across**2.4 + dome**2.2 < 1) & (self.y < self.dome_of_diaphragm(side)) & (u > medial), np.bool_)

    def dome_of_diaphragm(self, side: int) -> Field:
        """Height (y) of the diaphragm over the film: highest in the middle of the lung, lowest at the costophrenic angle."""
        across = (self.outward(side) - 0.42 * self.half_chest) / self.half_chest
        return np.asarray(self.diaphragm[side] + 0.28 * self.flatness * across**2, np.float32)

    def heart(self) -> Mask:
        """The heart as a tilted ellipse, two thirds of it to the patient's left; its width follows the cardiothoracic ratio."""
        width = self.heart_ratio * 2 * self.half_chest
        x0 = self.anatomy.midline + 0.17 * width
        y0 = self.anatomy.base - 0.42 * width
        dx, dy = self.x - x0, self.y - y0
        along, across = dx * 0.88 + dy * 0.47, -dx * 0.47 + dy * 0.88
        return (along / (0.53 * width)) ** 2 + (across / (0.41 * width)) ** 2 < 1

    def mediastinum(self) -> Mask:
        """Spine, great vessels and the aortic knob."""
        u = np.abs(self.x - self.anatomy.midline)
        column = u < 0.055 + 0.02 * np.clip((self.y - 0.2) / 0.5, 0, 1)
        knob_x = self.anatomy.midline + 0.055
        knob = (self.x - knob_x) ** 2 + (self.y - self.anatomy.apex - 0.17) ** 2 < self.anatomy.aorta**2
        return np.asarray(column | knob, np.bool_)

    def body(self) -> Mask:
        """The outline of trunk, shoulders and neck."""
        u = np.abs(self.x - self.anatomy.midline)
        below_shoulder = self.y > 0.03 + 0.42 * np.clip(u - 0.12, 0, None)
        trunk = u < self.half_chest + 0.075
        arm = self.y < 0.30 + 0.9 * np.clip(u - self.half_chest, 0, None)  # down to the axilla, where it leaves the trunk
        return np.asarray(below_shoulder & (trunk | arm) | (u < 0.10), np.bool_)

    def inflate(self) -> None:
        """Fills the lungs with air, around heart and mediastinum. Geometry is final from here on."""
        lungs = self.lung(RIGHT) | self.lung(LEFT)
        self.air = (lungs & ~self.heart() & ~self.mediastinum()).astype(np.float32)
        self.lungs: Mask = self.air > 0

    # --- what lies over the lungs ---------------------------------------------------------------------------------

    def draw_bones(self) -> None:
        """Posterior and (fainter) anterior ribs, clavicles and vertebrae."""
        u = np.abs(self.x - self.anatomy.midline) / self.half_chest
        cage = (u < 1.02) & (self.y < self.anatomy.base + 0.10)
        ribs = np.zeros_like(self.bone)
        for number in range(9):
            top = self.anatomy.apex + 0.01 + number * self.anatomy.rib_spacing
            posterior = self.y - (top - 0.03 + 0.02 * u + 0.11 * u**2)
            anterior = self.y - (top + 0.17 - 0.10 * u)
            ribs += np.exp(-((posterior / 0.011) ** 2)) + 0.45 * np.exp(-((anterior / 0.012) ** 2)) * (u > 0.35)
        clavicle = self.y - (self.anatomy.apex + 0.075 - 0.11 * (u - 0.1))
        collar = np.exp(-((clavicle / 0.013) ** 2)) * (u > 0.12) * (u < 1.15)
        vertebrae = (u < 0.09) * (0.5 + 0.5 * np.cos(self.y * 2 * np.pi / 0.055))
        self.bone += self.anatomy.bone * (ribs * cage + 1.3 * collar + 0.7 * vertebrae).astype(np.float32)

    def vessels(self) -> Field:
        """Branching vessels that leave each hilum and thin out towards the pleura, 0 to about 1."""
        picture = Image.new("L", (self.side, self.side))
        pen = ImageDraw.Draw(picture)
        for side in SIDES:
            for angle in np.linspace(-1.25, 1.25, 13) + self.rng.normal(0, 0.08, 13):
                self._branch(pen, side, float(angle), self.rng.uniform(0.14, 0.30), 0.011)
        drawn = np.asarray(picture, np.float32) / 255
        return np.asarray(gaussian_filter(drawn, self.side * 0.003), np.float32)

    def _branch(self, pen: ImageDraw.ImageDraw, side: int, angle: float, length: float, width: float) -> None:
        x = self.anatomy.midline + side * 0.075
        y = self.anatomy.apex + 0.52 * (self.anatomy.base - self.anatomy.apex)
        steps = 6
        for step in range(steps):
            angle += self.rng.normal(0, 0.13)
            start = self._pixel(x, y)
            x, y = x + side * np.cos(angle) * length / steps, y + np.sin(angle) * length / steps
            thickness = max(1, round(self.side * self.zoom * width * (1 - step / steps)))
            pen.line([start, self._pixel(x, y)], fill=200 - 25 * step, width=thickness)

    def _pixel(self, x: float, y: float) -> tuple[float, float]:
        scale = self.side * self.zoom
        return (x - self.centre[0]) * scale + self.side / 2, (y - self.centre[1]) * scale + self.side / 2

    # --- the picture ----------------------------------------------------------------------------------------------

    def render(self) -> NDArray[np.uint8]:
        """The film as grey values 0 to 255, white where the beam was absorbed (MONOCHROME2)."""
        rng, anatomy = self.rng, self.anatomy
        soft = self.side * (0.006 if self.view == "AP" else 0.004)
        breast = np.zeros_like(self.x)
        for side in SIDES:
            across, down = (self.outward(side) - 0.20) / 0.11, (self.y - anatomy.base + 0.06) / 0.09
            breast += np.exp(-(across**2) - down**2)
        density = gaussian_filter(self.body().astype(np.float32), self.side * 0.01) * anatomy.tissue
        density += 0.10 * gaussian_filter((self.heart() | self.mediastinum()).astype(np.float32), soft * 2)
        density += anatomy.breast * breast
        texture = 0.13 * self.vessels() * self.markings * self.lungs
        density -= 0.42 * gaussian_filter(self.air, soft)
        density += gaussian_filter(self.opacity + texture + self.bone, self.side * 0.002)
        density += (
            0.03 * gaussian_filter(rng.standard_normal(density.shape).astype(np.float32), self.side * 0.05) * self.side * 0.05
        )
        gain, offset, gamma = rng.uniform(0.92, 1.12), rng.uniform(-0.05, 0.05), rng.uniform(0.75, 1.3)
        film = np.clip(gain * density + offset, 0, 1) ** gamma
        film += rng.normal(0, rng.uniform(0.008, 0.025), film.shape)  # quantum noise, read noise
        return np.asarray(np.clip(film, 0, 1) * 255 + 0.5, np.uint8)
