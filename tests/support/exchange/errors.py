"""What the exchange says no with: its own codes, texts and HTTP statuses."""

from __future__ import annotations


class ApiError(Exception):
    """One refusal, as the exchange words it."""

    def __init__(self, code, text, http=400, **more):
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.http = http
        self.headers = more.pop("headers", {})
        self.more = more

    def body(self):
        """Return the JSON body."""
        return {"code": self.code, "msg": self.text, **self.more}


def missing(name):
    """Say that a parameter was not sent."""
    text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    return ApiError(-1102, text)


def illegal(name, legal):
    """Say that a parameter's text cannot be read."""
    text = f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    return ApiError(-1100, text)


def bad_symbol():
    """Say that a symbol is not traded here."""
    return ApiError(-1121, "Invalid symbol.")


def unknown_order():
    """Say that a cancel names no open order."""
    return ApiError(-2011, "Unknown order sent.")


def restricted():
    """Say that a cancelReplace may not cancel this order."""
    return ApiError(-2011, "Order was not canceled due to cancel restrictions.")


def no_such_order():
    """Say that a question names no order."""
    return ApiError(-2013, "Order does not exist.")


def no_signature():
    """Say that a signed request has no signature."""
    return missing("signature")


def no_timestamp():
    """Say that a signed request has no time."""
    return missing("timestamp")


def no_order_id():
    """Say that a request names no order."""
    return missing("origClientOrderId")


def no_cancel_id():
    """Say that a cancelReplace names no order to cancel."""
    return missing("cancelOrigClientOrderId")


def no_algo_id():
    """Say that a request names no conditional order."""
    return missing("algoId")
