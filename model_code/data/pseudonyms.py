"""Names that stand for names: one patient always gets the same, and only who holds the key can tell whose it is."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from model_code.errors import UsageError

KEY_BYTES: Final = 32
MAX_SHIFT_DAYS: Final = 3650


@dataclass(frozen=True)
class Pseudonyms:
    """Keyed hashes (HMAC-SHA-256, RFC 2104) of the source's own numbers.

    The key is 32 bytes: a file on a laptop, in the cloud what a KMS key makes of a fixed text. Another key gives other names for
    everybody, so it must not be lost or changed while the films are in use.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise UsageError(f"the key of the pseudonyms has {len(self.key)} bytes; it needs {KEY_BYTES}, drawn at random")

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Reads the key.

        Raises:
            UsageError: there is no such file, or it does not hold 32 bytes.
        """
        try:
            return cls(path.read_bytes())
        except OSError as error:
            make = f"head -c {KEY_BYTES} /dev/urandom > KEY"
            raise UsageError(f"no key at '{path}' ({error.strerror}); make one with '{make}' and keep it") from None

    def patient(self, number: str) -> str:
        """For a patient's number: ``P`` and 16 hexadecimal digits."""
        return f"P{self._hash('patient', number).hex()[:16].upper()}"

    def days(self, number: str) -> int:
        """How many days all dates of that patient move back, 1 to 3650: the time between two films stays as it was."""
        return 1 + int.from_bytes(self._hash("days", number)[:8]) % MAX_SHIFT_DAYS

    def uid(self, uid: str) -> str:
        """For a UID: one derived from a UUID (PS3.5 B.2), which therefore needs no root of one's own."""
        return f"2.25.{uuid.UUID(bytes=self._hash('uid', uid)[:16], version=5).int}"

    def film(self, sha256: str) -> str:
        """For a file by its content: 24 hexadecimal digits."""
        return self._hash("film", sha256).hex()[:24]

    def _hash(self, kind: str, value: str) -> bytes:
        return hmac.digest(self.key, f"{kind}\0{value}".encode(), "sha256")
