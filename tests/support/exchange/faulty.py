"""The answers that go wrong, on the wire. What they say is each exchange's own: its `Words`."""

from __future__ import annotations

from types import MappingProxyType

import orjson
from aiohttp import web
from support.exchange.waiting import moment

PAGE = "<html><body><h1>{}</h1></body></html>"


class Words:
    """How an exchange says that something went wrong."""

    name = ""
    unknown = MappingProxyType({})
    """The body of an error that says nothing of what happened."""

    def said(self, fault, path):
        """Return (status, body or None for a web page, headers) of a fault that says something."""
        raise NotImplementedError


async def play(fault, faults, request, answer, words):
    """Answer a request as a fault wants. `answer` is the true one, if the exchange acted."""
    if fault.what == "hang":
        await faults.hang()
    if fault.what in {"hang", "close"}:
        return _closed(request)
    if fault.what == "cut":
        return await _cut(request, orjson.dumps(answer[1] if answer else dict(words.unknown)))
    if fault.what == "empty":
        return web.Response(status=200)
    if fault.what == "html":
        return web.Response(text=PAGE.format(words.name), content_type="text/html")
    status, body, headers = words.said(fault, request.path)
    if body is None:
        text = fault.text or PAGE.format(status)
        return web.Response(status=status, text=text, content_type="text/html")
    return web.json_response(body, status=status, headers=headers)


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
