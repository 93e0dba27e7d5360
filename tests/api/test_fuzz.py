"""Whatever the document allows or forbids, the answers are as it says, and never our fault."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from tests.api.conftest import House

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
few = settings(
    max_examples=15,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.both_engines
def test_every_operation_keeps_to_the_document(house: House) -> None:
    house.make.machine(house.site, code="M4", needs_approval=True)
    booking, request = house.book(13)["code"], house.book(13, machine="M4")["code"]
    # Compressed answers are not what is tried here.
    headers = {**house.manager.headers, "Accept-Encoding": "identity"}
    app = house.manager.app

    def in_a_context_of_its_own(environ: Any, start_response: Any) -> Iterable[bytes]:
        with app.app_context():
            return list(app(environ, start_response))

    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", in_a_context_of_its_own)
    operations = [result.ok() for result in document.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) > 20
    for operation in operations:
        decides = operation.path.endswith(("/approve", "/reject", "/ask", "/answer"))
        code = "M3" if "/machines/" in operation.path else request if decides else booking
        few(given(case=operation.as_strategy())(trial(headers, code)))()


def trial(headers: dict[str, str], code: str) -> Callable[[Any], None]:
    """Make the test of one operation on a thing that is there."""

    def try_it(case: Any) -> None:
        if "code" in case.path_parameters:
            case.path_parameters["code"] = code
        case.call_and_validate(headers=headers, checks=CHECKS)

    return try_it
