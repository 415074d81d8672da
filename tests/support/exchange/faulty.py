"""The answers that go wrong, on the wire."""

from __future__ import annotations

import orjson
from aiohttp import web
from support.exchange.waiting import moment

UNKNOWN = {"code": -1000, "msg": "An unknown error occurred while processing the request."}
PAGE = "<html><body><h1>{}</h1></body></html>"


async def play(fault, faults, request, answer):
    """Answer a request as a fault wants. `answer` is the true one, if the exchange acted."""
    if fault.what == "hang":
        await faults.hang()
    if fault.what in {"hang", "close"}:
        return _closed(request)
    if fault.what == "cut":
        return await _cut(request, orjson.dumps(answer[1] if answer else UNKNOWN))
    return _wrong(fault, request.path)


def words_of(fault, path):
    """Return (status, code, text, headers) of a fault that says something."""
    if fault.what in {"slow", "ban"}:
        status = 429 if fault.what == "slow" else 418
        headers = {"Retry-After": str(fault.retry_after)}
        return status, -1003, fault.text or "Too many requests queued.", headers
    if fault.what == "duplicate" and path.startswith("/fapi"):
        return 400, -4116, "ClientOrderId is duplicated.", {}
    if fault.what == "duplicate":
        return 400, -2010, "Duplicate order sent.", {}
    return fault.http, fault.code, fault.text, {}


def _wrong(fault, path):
    """Return the answer of a fault that has one."""
    if fault.what == "empty":
        return web.Response(status=200)
    if fault.what == "html":
        return web.Response(text=PAGE.format("Binance"), content_type="text/html")
    http, code, text, headers = words_of(fault, path)
    if code is None:
        return web.Response(
            status=http, text=text or PAGE.format(http), content_type="text/html"
        )
    return web.json_response({"code": code, "msg": text}, status=http, headers=headers)


def play_on_socket(fault, connection, number, path):
    """Answer a request on the websocket API as a fault wants, which may be with nothing."""
    if fault.what == "close":
        connection.abort()
    elif fault.what in {"status", "slow", "ban", "duplicate"}:
        status, code, text, _ = words_of(fault, path)
        error = {"code": -1000 if code is None else code, "msg": text}
        connection.push({"id": number, "status": status, "error": error})


def _closed(request):
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _cut(request, body):
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    await moment()  # the half that was written leaves before the line is cut
    if request.transport is not None:
        request.transport.close()
    return response
