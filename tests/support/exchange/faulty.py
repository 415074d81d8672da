"""The answers that go wrong, on the wire."""

from __future__ import annotations

import asyncio

import orjson
from aiohttp import web

PAGE = "<html><body><h1>{}</h1></body></html>"


async def play(fault, faults, request, answer):
    """Answer a request as a fault wants. `answer` is the true one, if the exchange acted."""
    if fault.what == "hang":
        await faults.hang()
    if fault.what in {"hang", "close"}:
        return _closed(request)
    if fault.what == "cut":
        return await _cut(request, orjson.dumps(answer[1]))
    return _wrong(fault, request.path)


def _wrong(fault, path):
    """Return the answer of a fault that has one."""
    if fault.what == "empty":
        return web.Response(status=200)
    if fault.what == "html":
        return web.Response(text=PAGE.format("Binance"), content_type="text/html")
    http, code, text, headers = fault.http, fault.code, fault.text, {}
    if fault.what in {"slow", "ban"}:
        http, code = (429 if fault.what == "slow" else 418), -1003
        text = text or "Too many requests queued."
        headers = {"Retry-After": str(fault.retry_after)}
    elif fault.what == "duplicate":
        http, code, text = 400, -2010, "Duplicate order sent."
        if path.startswith("/fapi"):
            code, text = -4116, "ClientOrderId is duplicated."
    if code is None:
        return web.Response(
            status=http, text=text or PAGE.format(http), content_type="text/html"
        )
    return web.json_response({"code": code, "msg": text}, status=http, headers=headers)


def _closed(request):
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _cut(request, body):
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    await asyncio.sleep(0)  # the half that was written leaves before the line is cut
    if request.transport is not None:
        request.transport.close()
    return response
