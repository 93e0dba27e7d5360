"""What is public in services is a use case, a step or a calculation; read off the source."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import packhouse.services

ROOT = Path(str(packhouse.services.__file__)).parent
MODULES = sorted(ROOT.rglob("*.py"))
DATABASE = {"transaction", "reading", "db"}


@dataclass(frozen=True, slots=True)
class Service:
    """A public function, with the private functions of its module that it may call."""

    where: str
    node: ast.FunctionDef
    private: Mapping[str, ast.FunctionDef]

    @property
    def is_use_case(self) -> bool:
        return any(ast.unparse(each) == "use_case" for each in self.node.decorator_list)

    @property
    def is_step(self) -> bool:
        return self.positional[:1] == ["session: Session"]

    @property
    def positional(self) -> list[str]:
        given = self.node.args
        return [ast.unparse(each) for each in (*given.posonlyargs, *given.args)]

    @property
    def parameters(self) -> list[str]:
        return [each.arg for each in ast.walk(self.node.args) if isinstance(each, ast.arg)]

    def reached(self) -> Iterator[ast.FunctionDef]:
        """Return the function and every private one it leads to."""
        waiting, seen = [self.node], {self.node.name}
        while waiting:
            node = waiting.pop()
            yield node
            for name in names(node) & set(self.private) - seen:
                seen.add(name)
                waiting.append(self.private[name])


def names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def opened(node: ast.AST) -> int:
    """Return how often ``transaction()`` stands in a piece of source."""
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
    return sum(ast.unparse(each.func) == "transaction" for each in calls)


def services() -> Iterator[Service]:
    for path in MODULES:
        functions = [
            each for each in ast.parse(path.read_text()).body if isinstance(each, ast.FunctionDef)
        ]
        private = {each.name: each for each in functions if each.name.startswith("_")}
        for each in functions:
            if not each.name.startswith("_"):
                yield Service(f"{path.relative_to(ROOT)}:{each.name}", each, private)


ALL = list(services())
USE_CASES = [each for each in ALL if each.is_use_case]
STEPS = [each for each in ALL if each.is_step]
OTHERS = [each for each in ALL if not each.is_use_case and not each.is_step]


def by_name(service: Service) -> str:
    return service.where


def test_there_are_use_cases_and_steps() -> None:
    assert len(USE_CASES) > 40
    assert len(STEPS) > 20


def test_nothing_is_a_use_case_and_a_step_at_once() -> None:
    assert [each.where for each in USE_CASES if "session" in each.parameters] == []


@pytest.mark.parametrize("service", USE_CASES, ids=by_name)
def test_a_use_case_takes_keywords_and_opens_one_transaction(service: Service) -> None:
    assert service.positional == []
    assert sum(opened(each) for each in service.reached()) == 1


@pytest.mark.parametrize("service", STEPS, ids=by_name)
def test_a_step_works_in_the_transaction_it_is_given(service: Service) -> None:
    for node in service.reached():
        assert not names(node) & DATABASE
        calls = {ast.unparse(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
        assert not calls & {"session.commit", "session.rollback"}


@pytest.mark.parametrize("service", OTHERS, ids=by_name)
def test_anything_else_only_calculates(service: Service) -> None:
    for node in service.reached():
        assert not names(node) & {*DATABASE, "session"}


def test_only_what_books_makes_bookings_and_occupations() -> None:
    makers = {"Booking": set[str](), "Occupation": set[str]()}
    package = ROOT.parent
    for path in package.rglob("*.py"):
        for each in ast.walk(ast.parse(path.read_text())):
            if isinstance(each, ast.Call) and ast.unparse(each.func) in makers:
                makers[ast.unparse(each.func)].add(str(path.relative_to(package)))

    assert makers == {
        "Booking": {"services/bookings/booking.py", "services/runs/importing.py"},
        "Occupation": {
            "services/slots/taking.py",
            "services/downtime/steps.py",
            "services/runs/importing.py",
        },
    }
