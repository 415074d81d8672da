"""A person's session with a running gateway: CompID OPERATOR, one U1 out, its answer back.

Everything that a command does to a gateway goes this way, so everything is journaled with the
name of the person who did it. The session starts anew each time (141=Y); the token that `run`
wrote, readable by its owner only, proves the right to speak. From another machine both are needed:
a copy of that token, in our own `var`, and a key that stands for OPERATOR.
"""

from __future__ import annotations

import getpass
import os
import re
import secrets
import time
from types import TracebackType
from typing import Any, Self

import orjson

from engine.link import Link
from gateway.commands.curve import curve_for
from gateway.config import Config
from gateway.endpoints import to_connect
from gateway.errors import CommandError
from protocol import codec
from protocol.errors import GarbledMessage, InvalidMessage
from protocol.fields import OPERATOR
from protocol.messages import BusinessMessageReject, Message, OperatorCommand, Reject
from protocol.session import FixSession, Reaction, Sent

NO_ANSWER = 3
TIMEOUT_MS = 5_000


class OperatorSession:
    """A logged-on session; use it as a context manager."""

    def __init__(self, config: Config, *, timeout_ms: int = TIMEOUT_MS) -> None:
        self._config = config
        self._endpoint = to_connect(config.gateway.operators)
        self._timeout_ms = timeout_ms
        self._link = Link(self._endpoint, curve=curve_for(config, OPERATOR, self._endpoint))
        self._session = FixSession(
            comp_id=OPERATOR, peer_comp_id=config.gateway.comp_id, acceptor=False
        )
        self.person = f"{_person()}/{os.getpid()}"
        self._count = 0
        self._asked: tuple[str, int] | None = None

    def __enter__(self) -> Self:
        try:
            self._log_on()
        except BaseException:
            self._link.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ask(
        self,
        command: str,
        *,
        scope: str | None = None,
        reason: str | None = None,
        body: dict[str, Any] | None = None,
        cl_ord_id: str | None = None,
    ) -> dict[str, Any]:
        """Send one command and return the JSON of its answer. Raises CommandError on a refusal."""
        answer = self.command(
            command, scope=scope, reason=reason, body=body, cl_ord_id=cl_ord_id
        )
        if answer.outcome != "DONE":
            text = answer.text or "no reason given"
            msg = f"the gateway refused {command}: {text}"
            raise CommandError(msg)
        found: dict[str, Any] = orjson.loads(answer.command_body) if answer.command_body else {}
        if answer.text:
            found.setdefault("text", answer.text)
        return found

    def command(
        self,
        command: str,
        *,
        scope: str | None = None,
        reason: str | None = None,
        body: dict[str, Any] | None = None,
        cl_ord_id: str | None = None,
    ) -> OperatorCommand:
        """Send one command and return its answer as it came."""
        cl_ord_id = cl_ord_id or self.next_id()
        message = OperatorCommand(
            cl_ord_id=cl_ord_id, command=command, scope=scope, reason=reason,
            sender_sub_id=self.person,
            command_body=orjson.dumps(body).decode() if body is not None else None,
        )  # fmt: skip
        sent = self._session.send(message, time.time_ns())
        self._asked = command, sent.msg_seq_num
        self._say(sent)
        deadline_ns = time.monotonic_ns() + self._timeout_ms * 1_000_000
        while time.monotonic_ns() < deadline_ns:
            for delivered in self._hear(deadline_ns):
                if isinstance(delivered, OperatorCommand) and delivered.cl_ord_id == cl_ord_id:
                    return delivered
                if isinstance(delivered, BusinessMessageReject):
                    self._rejected(delivered)
        what = f"{command} was not answered"
        raise self._silence(what)

    def next_id(self) -> str:
        """Make the ClOrdID of a command, never used before: what a second person signs."""
        self._count += 1
        return f"{os.getpid()}-{time.time_ns()}-{self._count}"

    def close(self) -> None:
        """Say Logout and let go of the socket."""
        if self._session.active:
            self._say(self._session.logout(None, time.time_ns()))
            deadline_ns = time.monotonic_ns() + 200_000_000
            while self._session.active and time.monotonic_ns() < deadline_ns:
                try:
                    self._hear(deadline_ns)
                except CommandError:
                    break
        self._link.close()

    def _log_on(self) -> None:
        token = _token(self._config)
        self._say(
            self._session.logon(
                time.time_ns(), reset=True, token=token, nonce=secrets.token_hex(16),
                sender_sub_id=self.person,
            )
        )  # fmt: skip
        deadline_ns = time.monotonic_ns() + self._timeout_ms * 1_000_000
        while not self._session.active:
            if time.monotonic_ns() >= deadline_ns:
                what = "no answer to our Logon"
                raise self._silence(what)
            self._hear(deadline_ns)

    def _say(self, sent: Sent) -> None:
        self._link.send(sent.frame)

    def _hear(self, deadline_ns: int) -> list[Message]:
        """Wait for frames, at most 100 ms; return the application messages among them."""
        left_ms = max(1, (deadline_ns - time.monotonic_ns()) // 1_000_000)
        found: list[Message] = []
        for frame in self._link.receive(min(left_ms, 100)):
            try:
                message: Message | InvalidMessage = codec.decode(frame)
            except GarbledMessage:
                continue
            except InvalidMessage as problem:
                message = problem
            self._act(self._session.receive(message, time.time_ns()), found)
        self._act(self._session.tick(time.time_ns()), found)
        return found

    def _act(self, reaction: Reaction, found: list[Message]) -> None:
        if reaction.deliver is not None:
            found.append(reaction.deliver)
        if reaction.rejected is not None:
            self._rejected(reaction.rejected)
        for sent in reaction.replies:
            self._say(sent)
        # An answer that came before the end counts: a gateway that is shut down says both at once.
        if reaction.disconnect is not None and not found:
            msg = f"the gateway at {self._endpoint} ended the session: {reaction.disconnect}"
            raise CommandError(msg, exit_code=NO_ANSWER)

    def _rejected(self, reject: Reject | BusinessMessageReject) -> None:
        """End the waiting when it is our command that was rejected. Raises CommandError."""
        if self._asked is None or reject.ref_seq_num != self._asked[1]:
            return
        why = reject.text or "no reason given"
        msg = f"the gateway rejected {self._asked[0]} ({type(reject).__name__}): {why}"
        raise CommandError(msg)

    def _silence(self, what: str) -> CommandError:
        self._link.dropped()
        why = self._link.refusal or "is the gateway running (`portcullis run`), with this config?"
        return CommandError(
            f"{what} within {self._timeout_ms / 1000:g} s at {self._endpoint}; {why}",
            exit_code=NO_ANSWER,
        )


def _token(config: Config) -> bytes:
    path = config.operator_token_path
    try:
        return path.read_text(encoding="ascii").strip().encode()
    except FileNotFoundError:
        msg = (
            f"there is no operator token at {path}: the gateway writes it when it starts"
            " (`portcullis run`); `--config FILE` names another gateway"
        )
        raise CommandError(msg, exit_code=NO_ANSWER) from None
    except (OSError, UnicodeDecodeError) as problem:
        msg = f"the operator token at {path} cannot be read: {problem}"
        raise CommandError(msg, exit_code=NO_ANSWER) from None


def _person() -> str:
    """Name the person as their machine does; what does not fit the wire is dropped."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "unknown"
    return re.sub(r"[^A-Za-z0-9_.@-]", "", name)[:24] or "unknown"
