"""What a fault makes of an answer of FMP's or Quiver's that needs no look at their rows."""

from collections.abc import Callable

from kairos.sandbox import access
from kairos.sandbox.access import error, plain
from kairos.sandbox.faults import Fault, FaultKind
from kairos.sandbox.protocol import Answer, Request, json_answer
from kairos.sandbox.spoils import LEAKED, early_answer


def early_list_answer(fault: Fault | None, request: Request, origin: str) -> Answer | None:
    """Return the answer of a fault of the wire; None where the rows are needed."""
    if fault is None:
        return None
    maker = _ANSWERS.get(fault.kind)
    return early_answer(fault, request, origin) if maker is None else maker(fault, request)


def _limited(fault: Fault, _: Request) -> Answer:
    wait = fault.text if fault.text is not None else None if fault.seconds is None else f"{fault.seconds:g}"
    body = error(access.LIMIT, fault.status or 429)
    return Answer(body.status, body.body, headers={} if wait is None else {"Retry-After": wait})


def _listed(fault: Fault, _: Request) -> Answer:
    return json_answer([{"Error Message": fault.text or access.LIMIT}], fault.status or 200)


def _tells(_: Fault, request: Request) -> Answer:
    return json_answer({"message": f"Call with apikey={request.key} failed at {request.path}?{LEAKED}."}, 500)


_ANSWERS: dict[FaultKind, Callable[[Fault, Request], Answer]] = {
    FaultKind.RATE_LIMIT: _limited,
    FaultKind.BANDWIDTH_LIMIT: lambda *_: error(access.BANDWIDTH, 429),
    FaultKind.SUSPENDED: lambda fault, _: error(access.SUSPENDED, fault.status or 200),
    FaultKind.ERROR_BODY: lambda fault, _: error(fault.text or access.INVALID_KEY, fault.status or 200),
    FaultKind.LISTED_ERROR: _listed,
    FaultKind.EXCLUSIVE: lambda fault, _: error(access.EXCLUSIVE, fault.status or 402),
    FaultKind.PREMIUM_PARAMETER: lambda fault, _: plain(access.PREMIUM_PARAMETER.format(name=fault.column or "symbol"), 402),
    FaultKind.EMPTY_BODY: lambda *_: Answer(200, b""),
    FaultKind.WITHDRAWN: lambda *_: json_answer([], 404),
    FaultKind.UPGRADE: lambda *_: json_answer(access.QUIVER_UPGRADE, 403),
    FaultKind.TELLS_SECRETS: _tells,
}
