"""One question to an API, whichever way it came: limits, security, the answer, the headers."""

from __future__ import annotations

from dataclasses import dataclass

from support.exchange.errors import ApiError
from support.exchange.signing import (
    check_key,
    check_signature,
    check_socket_signature,
    check_time,
)


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; `acted` is False if a fault kept it from being acted on."""

    method: str
    path: str
    params: dict
    at_ms: int
    by: str
    acted: bool = True


def answer_to(api, method, path, params, secure):
    """Return (status, body, headers) of a question. `secure(key)` checks key and signature."""
    route = api.routes.get((method, path))
    now_ms = api.now_ms()
    if route is None:
        return 404, {"code": -1, "msg": f"no {method} {path} at the exchange in the test"}, {}
    try:
        weight = route.weight(params) if callable(route.weight) else route.weight
        api.limiter.charge(weight, now_ms)
        if route.signed or route.keyed:
            secure(signed=route.signed)
        if route.signed:
            check_time(params, now_ms)
        if route.order:
            api.limiter.charge_order(now_ms)
        status, body, more = 200, route.answer(params), {}
    except ApiError as refusal:
        status, body, more = refusal.http, refusal.body(), refusal.headers
    return status, body, {**api.limiter.headers(now_ms), **more}


def security_of_request(api, header, query, form):
    """Return the check of a REST request."""

    def secure(*, signed):
        check_key(api.key, header)
        if signed:
            check_signature(api.key, query, form)

    return secure


def security_of_socket(api, params):
    """Return the check of a request on the websocket API: key and signature are parameters."""

    def secure(*, signed):
        check_key(api.key, params.get("apiKey"))
        if signed:
            check_socket_signature(api.key, params)

    return secure
