"""The addresses of the app's pages, read off its routes, and who may enter them."""

from collections.abc import Iterator, Mapping

from flask import Flask
from werkzeug.routing import Rule

from packhouse.domain.permissions import Access, may_enter
from packhouse.domain.users import Actor, Role
from packhouse.web.access import OF_LIBRARIES, declared_access


def pages(app: Flask, method: str) -> Iterator[tuple[Rule, Access]]:
    """Every address of a page that takes a method, with who may enter."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OF_LIBRARIES or rule.rule.startswith("/api/"):
            continue
        access = declared_access(app, rule.endpoint, method)
        if method in (rule.methods or ()) and access is not None:
            yield rule, access


def admitted(access: Access) -> list[Role | None]:
    """Return the roles that may enter; None stands for who has not signed in."""
    if access is Access.PUBLIC:
        return [None]
    return [each for each in Role if may_enter(Actor(1, each), access)]


def address(app: Flask, rule: Rule, values: Mapping[str, object], method: str) -> str:
    """Return the address of a page with its values filled in."""
    return str(app.url_map.bind("").build(rule.endpoint, dict(values), method=method))
