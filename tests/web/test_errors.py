import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from packhouse import errors
from packhouse.domain.permissions import Access, allow
from packhouse.errors import PackhouseError, Problem
from packhouse.web.errors import status_of

STATUSES = {
    errors.Malformed(): 400,
    errors.NotAllowed(): 403,
    errors.NotFound(): 404,
    errors.Conflict(): 409,
    errors.SlotTaken(): 409,
    errors.Stale(): 409,
    errors.WrongState(): 409,
    errors.KeyReused(): 409,
    errors.RuleBroken([Problem("off_grid")]): 422,
    errors.TooMany(): 429,
    errors.Unavailable(): 503,
}

Raise = Callable[[BaseException], None]


@pytest.fixture
def raise_in_a_view(bare_app: Flask) -> Iterator[Raise]:
    """Make the front door raise; each app is shared, so it is put right again."""
    kept = bare_app.view_functions["home.index"]

    def set_up(error: BaseException) -> None:
        @allow(Access.PUBLIC)
        def broken() -> str:
            raise error

        bare_app.view_functions["home.index"] = broken

    yield set_up
    bare_app.view_functions["home.index"] = kept


@pytest.fixture
def at_work(bare_app: Flask) -> Iterator[None]:
    """Answer bugs as a house at work does, instead of handing them to the test."""
    bare_app.config["PROPAGATE_EXCEPTIONS"] = False
    yield
    bare_app.config["PROPAGATE_EXCEPTIONS"] = None


@pytest.mark.parametrize(("error", "status"), STATUSES.items())
def test_every_error_has_the_status_of_its_class(error: PackhouseError, status: int) -> None:
    assert status_of(error) == status


def test_a_new_kind_of_conflict_is_a_conflict() -> None:
    class Elsewhere(errors.SlotTaken):
        pass

    assert status_of(Elsewhere()) == 409


def test_every_error_of_ours_is_tried_here() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    ours = {k for k in kinds if issubclass(k, PackhouseError)} - {PackhouseError}

    assert ours == {type(error) for error in STATUSES}


@pytest.mark.parametrize(("error", "status"), STATUSES.items())
def test_a_person_reads_a_page(
    stranger: FlaskClient, raise_in_a_view: Raise, error: PackhouseError, status: int
) -> None:
    raise_in_a_view(error)

    response = stranger.get("/")

    assert response.status_code == status
    assert response.mimetype == "text/html"
    assert ("Retry-After" in response.headers) == (status in (429, 503))


def test_all_problems_are_told_at_once(stranger: FlaskClient, raise_in_a_view: Raise) -> None:
    raise_in_a_view(errors.RuleBroken([Problem("off_grid"), Problem("in_the_past")]))

    text = stranger.get("/").text

    assert "kelipatan lima menit" in text
    assert "sudah lewat" in text


def test_a_bug_is_told_with_an_incident_and_without_its_words(
    stranger: FlaskClient, raise_in_a_view: Raise, at_work: None, capsys: pytest.CaptureFixture[str]
) -> None:
    raise_in_a_view(ZeroDivisionError("what siti@contoh.example typed"))

    response = stranger.get("/")

    logged = capsys.readouterr().err
    incident = json.loads(logged.splitlines()[0])["incident"]
    assert response.status_code == 500
    assert incident in response.text
    assert "siti" not in response.text + logged
    assert "Traceback" not in response.text
    assert "ZeroDivisionError" in logged


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/sign-out", 405), ("DELETE", "/", 405)],
)
def test_what_does_not_exist_is_said_on_a_page(
    stranger: FlaskClient, method: str, path: str, status: int
) -> None:
    response = stranger.open(path, method=method)

    assert response.status_code == status
    assert response.mimetype == "text/html"
    assert ("Allow" in response.headers) == (status == 405)


def problem(stranger: FlaskClient, **request: Any) -> dict[str, Any]:
    response = stranger.open("/api/v1/nowhere", **request)
    assert response.mimetype == "application/problem+json"
    body: dict[str, Any] = response.get_json()
    assert body["status"] == response.status_code
    return body


def test_a_program_reads_problem_details(stranger: FlaskClient) -> None:
    body = problem(stranger, method="GET")

    assert body["code"] == "not_found"
    assert body["title"] == "Not Found"
    assert [each["code"] for each in body["problems"]] == ["not_found"]


def test_a_broken_page_of_errors_still_says_what_is_wrong(
    bare_app: Flask, stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> dict[str, Any]:
        raise RuntimeError

    monkeypatch.setitem(
        bare_app.template_context_processors,
        None,
        [*bare_app.template_context_processors[None], broken],
    )

    response = stranger.get("/nowhere")

    assert response.status_code == 404
    assert response.mimetype == "text/plain"
    assert response.text.strip()
