"""For people and programs that watch the house: health, metrics, and the audit trail."""

from ipaddress import ip_address
from time import perf_counter

from flask import Blueprint, Flask, Response, current_app, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from packhouse import clock
from packhouse.domain.permissions import may_administer
from packhouse.errors import NotFound, Unavailable
from packhouse.queries.audit.entries import Filter, entries
from packhouse.queries.audit.readiness import guards, pulse, readiness
from packhouse.web.access import Access, allow, current_actor

bp = Blueprint("audit", __name__)

REQUESTS = "packhouse_requests"
SECONDS = "packhouse_request_seconds"
# What must answer while the house cannot work, and what touches no database.
WATCHED = frozenset({"audit.healthz", "audit.readyz", "audit.metrics", "static"})


class _Meters:
    """The meters of one app: each has its own, so that tests do not add up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            REQUESTS, "Answers by endpoint and status.", ["endpoint", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            SECONDS, "Seconds an answer took, by endpoint.", ["endpoint"], registry=self.registry
        )
        self.duties = Gauge(
            "packhouse_duty_age_seconds", "Seconds since the worker last did a duty.", ["duty"],
            registry=self.registry,
        )  # fmt: skip
        self.messages = Gauge(
            "packhouse_messages", "Messages that are not finished, by state.", ["state"],
            registry=self.registry,
        )  # fmt: skip


def init_app(app: Flask) -> None:
    """Measure every answer, and serve nothing while the database does not keep its rules."""
    app.extensions["packhouse_meters"] = _Meters()
    app.before_request(_begin)
    app.before_request(_refuse_unguarded)
    app.after_request(_end)


def _begin() -> None:
    g.began = perf_counter()


def _refuse_unguarded() -> None:
    """Serve nothing from a database that does not keep its rules; look once a process."""
    if current_app.extensions.get("packhouse_guarded") or request.endpoint in WATCHED:
        return
    found = guards(head=current_app.extensions["packhouse_head"])
    if not found.is_ready:
        current_app.logger.error("unguarded", extra={"parts": found.parts})
        raise Unavailable("not_guarded")
    current_app.extensions["packhouse_guarded"] = True


def _end(response: Response) -> Response:
    meters: _Meters = current_app.extensions["packhouse_meters"]
    endpoint = request.endpoint or "none"
    meters.requests.labels(endpoint, str(response.status_code)).inc()
    meters.seconds.labels(endpoint).observe(perf_counter() - g.get("began", perf_counter()))
    return response


@bp.get("/healthz")
@allow(Access.PUBLIC)
def healthz() -> ResponseReturnValue:
    """Say that the process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
@allow(Access.PUBLIC)
def readyz() -> ResponseReturnValue:
    """Say whether the house can work: database, migrations, triggers, worker; else 503."""
    found = readiness(head=current_app.extensions["packhouse_head"], now=clock.now())
    status = "ok" if found.is_ready else "not ready"
    return jsonify(status=status, **found.parts), 200 if found.is_ready else 503


@bp.get("/metrics")
@allow(Access.PUBLIC)
def metrics() -> ResponseReturnValue:
    """Meters for Prometheus; only for this machine itself, and for an admin."""
    actor = g.get("actor")
    # Who comes through a proxy is not this machine, however many hops are believed.
    direct = request.remote_addr is not None and "X-Forwarded-For" not in request.headers
    local = direct and ip_address(request.remote_addr or "").is_loopback
    if not local and (actor is None or not may_administer(actor)):
        raise NotFound
    meters: _Meters = current_app.extensions["packhouse_meters"]
    beat = pulse(now=clock.now())
    for duty, age in beat.duties.items():
        meters.duties.labels(duty).set(age)
    for state in ("due", "sending", "unknown", "dead"):
        meters.messages.labels(state).set(beat.messages.get(state, 0))
    return Response(generate_latest(meters.registry), content_type=CONTENT_TYPE_LATEST)


@bp.get("/audit")
@allow(Access.AUDIT)
def index() -> ResponseReturnValue:
    """Show the trail: who did what to which booking or machine."""
    subject = request.args.get("subject", "").strip()[:40]
    cursor = request.args.get("cursor", type=int)
    found, older = entries(wanted=Filter(subject, cursor), actor=current_actor())
    return render_template(
        "audit/index.html", entries=found, older=older, subject=subject, cursor=cursor
    )
