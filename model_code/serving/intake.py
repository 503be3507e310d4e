"""The door: how many films may be inside, how large each may be and how long it may take to come.

Who does not fit in is told at once, before anything is kept or parsed, and when to try again.
"""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_code.serving.metrics import Metrics

PLACES: Final = 32
"""Films inside, waiting or at work: about 2 s of work for a small machine, and 2 GiB of the largest files."""
RETRY_AFTER_SECONDS: Final = 1
BODY_SECONDS: Final = 60.0
"""In which a film must have come; a place is not for those who send a byte now and then."""


class Intake:
    """Lets at most ``places`` POST requests in (503 and ``Retry-After`` beyond), with at most ``max_bytes`` each (413).

    The body is complete when the application sees it. What is refused is read to its end and thrown away, for a client that is
    still sending would not see the answer.
    """

    def __init__(
        self, app: ASGIApp, *, max_bytes: int, metrics: Metrics, places: int = PLACES, body_seconds: float = BODY_SECONDS
    ) -> None:
        self.app, self.max_bytes, self.metrics, self.places, self.body_seconds = app, max_bytes, metrics, places, body_seconds
        self.inside = 0
        self._count(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        if self.inside >= self.places:
            refusal = JSONResponse(
                {"detail": f"{self.places} films are being read; try again in {RETRY_AFTER_SECONDS} s"},
                status_code=503,
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
            await self._refuse(refusal, scope, receive, send, more=True)
            return
        self._count(1)
        try:
            await self._admit(scope, receive, send)
        finally:
            self._count(-1)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self.body_seconds):
                body, more = await self._body(receive)
        except TimeoutError:
            late = JSONResponse({"detail": f"the body did not come within {self.body_seconds:g} s"}, status_code=408)
            await late(scope, receive, send)
            return
        except ClientGone:
            return
        if body is None:
            large = JSONResponse({"detail": f"the body is larger than the {self.max_bytes} bytes that are read"}, status_code=413)
            await self._refuse(large, scope, receive, send, more=more)
            return
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        await self.app(scope, replay, send)

    async def _body(self, receive: Receive) -> tuple[bytes | None, bool]:
        """The whole body, or None as soon as it is too large; and whether more of it is to come."""
        body, more = bytearray(), True
        while more:
            piece, more = await _piece(receive)
            body += piece
            if len(body) > self.max_bytes:
                return None, more
        return bytes(body), more

    async def _refuse(self, refusal: JSONResponse, scope: Scope, receive: Receive, send: Send, *, more: bool) -> None:
        """Answers after the rest of the body has come, but waits neither long nor for more than a film's bytes."""
        left = self.max_bytes
        try:
            async with asyncio.timeout(self.body_seconds):
                while more and left > 0:
                    piece, more = await _piece(receive)
                    left -= len(piece)
        except (TimeoutError, ClientGone):
            pass
        await refusal(scope, receive, send)

    def _count(self, change: int) -> None:
        self.inside += change
        self.metrics.places(taken=self.inside, of=self.places)


class ClientGone(Exception):
    """The client went before its body had come."""


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message.get("body", b""), message.get("more_body", False)
