"""A lesion's outline, and the structures that dermoscopy knows (Kittler et al., J Am Acad Dermatol 2016;74:1093), as drawings."""

from __future__ import annotations

import numpy as np

from model_code.data.phantoms.dermoscopy.canvas import Canvas, Colour, Field, Mask, smooth_noise


class Lesion:
    """A closed outline around the origin of a canvas's own coordinates, and what can be drawn within it.

    Args:
        canvas: what it is drawn on.
        rng: the lesion's own generator.
        radius: mean distance of the outline from the centre.
        irregular: how far the outline departs from an ellipse, 0 to about 0.3.
        blur: width of the border, as a share of the radius.
    """

    def __init__(self, canvas: Canvas, rng: np.random.Generator, *, radius: float, irregular: float, blur: float) -> None:
        self.canvas, self.rng, self.radius, self.blur = canvas, rng, radius, blur
        self.long = rng.uniform(1.0, 1.25)
        self.orders = np.arange(2, 8)
        self.bumps = rng.normal(0, irregular, 6) / self.orders**0.7
        self.phases = rng.uniform(0, 2 * np.pi, 6)
        self.angle = np.arctan2(canvas.v, canvas.u)
        self.rho = np.asarray(np.hypot(canvas.u / self.long, canvas.v * self.long) / self.outline(self.angle), np.float32)

    def outline(self, angle: Field) -> Field:
        waves = sum(b * np.cos(k * angle + p) for b, k, p in zip(self.bumps, self.orders, self.phases, strict=True))
        return np.asarray(self.radius * (1 + waves), np.float32)

    @property
    def mask(self) -> Mask:
        return self.rho < 1

    @property
    def body(self) -> Field:
        """1 inside, 0 outside, across the border's width."""
        return self.ring(-1, 1)

    def ring(self, inner: float, outer: float) -> Field:
        """1 between two shares of the way to the border (below 0: from the centre on)."""
        steep = 4 / self.blur
        rising = 1 / (1 + np.exp(np.clip(-steep * (self.rho - inner), -30, 30))) if inner >= 0 else 1.0
        return np.asarray(rising / (1 + np.exp(np.clip(steep * (self.rho - outer), -30, 30))), np.float32)

    def somewhere(self, *, reach: float = 0.8, beyond: float = 0.0) -> tuple[float, float]:
        """A point of the lesion between two shares of the way to the border."""
        angle = self.rng.uniform(0, 2 * np.pi)
        share = np.sqrt(self.rng.uniform(beyond**2, reach**2))
        distance = share * float(self.outline(np.asarray(angle, np.float32)))
        return float(distance * np.cos(angle) * self.long), float(distance * np.sin(angle) / self.long)

    def patch(self, size: float, *, reach: float = 0.7) -> Field:
        """One blotch without a sharp edge, of a random outline."""
        u, v = self.somewhere(reach=reach)
        wobble = smooth_noise(self.rng, 1, 4)(self.canvas.u, self.canvas.v)
        distance = np.hypot(self.canvas.u - u, self.canvas.v - v) / (size * (1 + 0.25 * wobble))
        return np.asarray(np.exp(-(np.clip(distance, 0, 9) ** 4)) * self.body, np.float32)

    def network(self, *, pitch: float, atypical: float) -> Field:
        """Pigment network: a honeycomb of lines ``pitch`` apart; an atypical one is warped, broken and uneven."""
        warp = [smooth_noise(self.rng, 0.8, 2.5)(self.canvas.u, self.canvas.v) for _ in range(2)]
        u, v = self.canvas.u + atypical * pitch * warp[0], self.canvas.v + atypical * pitch * warp[1]
        turn = self.rng.uniform(0, np.pi)
        waves = sum(np.cos(2 * np.pi / pitch * (u * np.cos(turn + a) + v * np.sin(turn + a))) for a in (0, 2.094, 4.189))
        lines = 1 / (1 + np.exp(np.clip(6 * (np.asarray(waves, np.float32) + 0.35), -30, 30)))
        gaps = np.clip(1 + atypical * smooth_noise(self.rng, 1, 3)(self.canvas.u, self.canvas.v), 0, 1.4)
        return np.asarray(lines * gaps, np.float32)

    def dots(self, count: int, radius: tuple[float, float], *, reach: float = 0.85, beyond: float = 0.0) -> Field:
        """Round structures: dots, globules, cysts, lacunae."""
        total: Field = np.zeros_like(self.rho)
        for _ in range(count):
            u, v = self.somewhere(reach=reach, beyond=beyond)
            np.maximum(total, self.canvas.disc(u, v, self.rng.uniform(*radius)), out=total)
        return total

    def branching_vessels(self, trees: int) -> Field:
        """Arborizing vessels: stems that enter from the border and branch into ever thinner ones."""
        paths: list[tuple[list[tuple[float, float]], float]] = []
        for _ in range(trees):
            u, v = self.somewhere(reach=0.95, beyond=0.8)
            self._branch(paths, u, v, np.arctan2(-v, -u) + self.rng.normal(0, 0.3), 0.016, 3)
        return self.canvas.lines(paths)

    def _branch(
        self, paths: list[tuple[list[tuple[float, float]], float]], u: float, v: float, angle: float, width: float, depth: int
    ) -> None:
        points = [(u, v)]
        for _ in range(5):
            angle += self.rng.normal(0, 0.25)
            u, v = u + 0.3 * self.radius / 3 * np.cos(angle), v + 0.3 * self.radius / 3 * np.sin(angle)
            points.append((u, v))
        paths.append((points, width))
        for turn in (-0.6, 0.6) if depth > 1 else ():
            self._branch(paths, u, v, angle + turn + self.rng.normal(0, 0.2), width * 0.65, depth - 1)

    def short_lines(self, count: int, *, at: float, length: float, width: float, looped: bool = False) -> Field:
        """Radial lines around the share ``at`` of the way to the border: streaks, or (looped) hairpin vessels."""
        paths = []
        for angle in np.linspace(0, 2 * np.pi, count, endpoint=False) + self.rng.normal(0, 0.12, count):
            distance = at * float(self.outline(np.asarray(angle, np.float32)))
            u, v = distance * np.cos(angle) * self.long, distance * np.sin(angle) / self.long
            du, dv = np.cos(angle) * length, np.sin(angle) * length
            if looped:
                su, sv = -np.sin(angle) * length * 0.35, np.cos(angle) * length * 0.35
                path = [(u, v), (u + du, v + dv), (u + du + su, v + dv + sv), (u + su, v + sv)]
            else:
                path = [(u, v), (u + du * self.rng.uniform(0.6, 1.3), v + dv * self.rng.uniform(0.6, 1.3))]
            paths.append((path, width))
        return self.canvas.lines(paths)

    def fill(self, colour: Colour, *, amount: float = 1.0, mottled: float = 0.0) -> None:
        """Fills the body with a colour, unevenly where mottled."""
        uneven = 1 + mottled * smooth_noise(self.rng, 1, 4)(self.canvas.u, self.canvas.v)
        self.canvas.paint(colour, amount * self.body * uneven)
