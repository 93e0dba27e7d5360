"""The rules the database keeps by itself, for SQLite and PostgreSQL.

``install`` drops and creates all of them; it runs after every migration, because rebuilding a
table in SQLite silently drops its triggers. One trigger per event and condition: SQLite fires
two triggers of one event in no defined order.
"""

from sqlalchemy import Connection

FAR = 1 << 60
APPEND_ONLY = (
    "audit_entries",
    "consents",
    "demands",
    "exceptions",
    "mergers",
    "moves",
    "service_standards",
    "wish_reorders",
)

# How many operators a site has in a slot: the latest shift that covers it, else the usual number.
CAPACITY = """COALESCE(
    (SELECT operators FROM shifts WHERE site_id = NEW.site_id
        AND from_at <= {slot} * 300 AND to_at > {slot} * 300 ORDER BY id DESC LIMIT 1),
    (SELECT operators FROM sites WHERE id = NEW.site_id))"""

_SQLITE_CLAIM = f"""
    INSERT INTO claims (machine_id, slot, occupation_id)
        SELECT NEW.machine_id, NEW.from_at / 300 + n, NEW.id FROM numbers
        WHERE n < (NEW.to_at - NEW.from_at) / 300 AND NEW.status = 'live';
    INSERT INTO operator_load (site_id, slot, used, capacity)
        SELECT NEW.site_id, NEW.attended_from / 300 + n, 1,
            {CAPACITY.format(slot="(NEW.attended_from / 300 + n)")}
        FROM numbers
        WHERE n < (NEW.to_at - NEW.attended_from) / 300 AND NEW.status = 'live'
        ON CONFLICT (site_id, slot) DO UPDATE SET used = used + 1;"""

# Who keeps a slot keeps the promise that goes with it; who leaves one takes the promise away.
_STAYS = """(NEW.status = 'live' AND NEW.site_id = OLD.site_id
        AND slot >= NEW.attended_from / 300 AND slot < NEW.to_at / 300)"""
_SQLITE_RELEASE = """
    DELETE FROM claims WHERE machine_id = OLD.machine_id AND OLD.status = 'live'
        AND slot >= OLD.from_at / 300 AND slot < OLD.to_at / 300 AND occupation_id = OLD.id;
    UPDATE operator_load SET used = used - 1,
            promised = promised - (promised > 0 AND NOT COALESCE({stays}, 0))
        WHERE site_id = OLD.site_id
        AND OLD.status = 'live'
        AND slot >= OLD.attended_from / 300 AND slot < OLD.to_at / 300;"""

# Whatever gives time back tells the waitlist of it; what only moves its cleaning does not.
_SQLITE_FREED = """
    INSERT INTO freed_times (machine_id, from_at, to_at)
        SELECT OLD.machine_id, CASE WHEN NEW.status = 'done' THEN NEW.to_at ELSE OLD.from_at END,
            OLD.to_at
        WHERE OLD.status = 'live' AND (NEW.status = 'released'
            OR (NEW.status = 'done' AND NEW.to_at < OLD.to_at));"""

_CLAIM_COLUMNS = "machine_id, site_id, from_at, to_at, status, attended_from"

_SQLITE_OVERLAP = f"""SELECT RAISE(ABORT, 'state_intervals_overlap') WHERE EXISTS (
        SELECT 1 FROM (SELECT ends_at FROM state_intervals
            WHERE machine_id = NEW.machine_id AND id <> NEW.id
            AND starts_at < COALESCE(NEW.ends_at, {FAR})
            ORDER BY starts_at DESC LIMIT 1)
        WHERE COALESCE(ends_at, {FAR}) > NEW.starts_at);"""

SQLITE = {
    "occupations_claim": f"""AFTER INSERT ON occupations BEGIN {_SQLITE_CLAIM} END""",
    "occupations_reclaim": f"""AFTER UPDATE OF {_CLAIM_COLUMNS} ON occupations
        BEGIN {_SQLITE_RELEASE.format(stays=_STAYS)} {_SQLITE_CLAIM} {_SQLITE_FREED} END""",
    "occupations_unclaim": f"""BEFORE DELETE ON occupations
        BEGIN {_SQLITE_RELEASE.format(stays="0")} END""",
    "bookings_transition": """BEFORE UPDATE OF state ON bookings
        WHEN OLD.state <> NEW.state AND NOT EXISTS (SELECT 1 FROM booking_transitions
            WHERE old_state = OLD.state AND new_state = NEW.state)
        BEGIN SELECT RAISE(ABORT, 'bookings_transition'); END""",
    "state_intervals_overlap_insert": f"""AFTER INSERT ON state_intervals
        BEGIN {_SQLITE_OVERLAP} END""",
    "state_intervals_overlap_update": f"""AFTER UPDATE OF machine_id, starts_at, ends_at
        ON state_intervals BEGIN {_SQLITE_OVERLAP} END""",
    **{
        f"{table}_no_{event.lower()}": f"""BEFORE {event} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table}_append_only'); END"""
        for table in APPEND_ONLY
        for event in ("UPDATE", "DELETE")
    },
    **{
        f"{table}_no_delete": f"""BEFORE DELETE ON {table}
        BEGIN SELECT RAISE(ABORT, '{table}_kept'); END"""
        for table in ("bookings", "runs", "state_intervals", "taps", "cleanings")
    },
}

_PG_RELEASE = """
    DELETE FROM claims WHERE machine_id = OLD.machine_id
        AND slot >= OLD.from_at / 300 AND slot < OLD.to_at / 300 AND occupation_id = OLD.id;
    IF OLD.attended_from IS NOT NULL THEN
        UPDATE operator_load SET used = used - 1, promised = promised - CASE
                WHEN promised > 0 AND NOT COALESCE({stays}, FALSE) THEN 1 ELSE 0 END
            WHERE site_id = OLD.site_id
            AND slot >= OLD.attended_from / 300 AND slot < OLD.to_at / 300;
    END IF;"""

_PG_CLAIM = f"""
    INSERT INTO claims (machine_id, slot, occupation_id)
        SELECT NEW.machine_id, s, NEW.id
        FROM generate_series(NEW.from_at / 300, NEW.to_at / 300 - 1) AS s;
    IF NEW.attended_from IS NOT NULL THEN
        INSERT INTO operator_load (site_id, slot, used, capacity)
            SELECT NEW.site_id, s, 1, {CAPACITY.format(slot="s")}
            FROM generate_series(NEW.attended_from / 300, NEW.to_at / 300 - 1) AS s
            ON CONFLICT (site_id, slot) DO UPDATE SET used = operator_load.used + 1;
    END IF;"""

_PG_FREED = """
    IF OLD.status = 'live' AND (NEW.status = 'released'
            OR (NEW.status = 'done' AND NEW.to_at < OLD.to_at)) THEN
        INSERT INTO freed_times (machine_id, from_at, to_at) VALUES (OLD.machine_id,
            CASE WHEN NEW.status = 'done' THEN NEW.to_at ELSE OLD.from_at END, OLD.to_at);
    END IF;"""

POSTGRES_FUNCTIONS = {
    "occupations_keep_claims": f"""BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status = 'live' THEN {_PG_RELEASE.format(stays=_STAYS)} END IF;
    IF TG_OP <> 'DELETE' AND NEW.status = 'live' THEN {_PG_CLAIM} END IF;
    IF TG_OP = 'UPDATE' THEN {_PG_FREED} END IF;
    RETURN NULL;
END""",
    "occupations_unclaim": f"""BEGIN
    IF OLD.status = 'live' THEN {_PG_RELEASE.format(stays="FALSE")} END IF;
    RETURN OLD;
END""",
    "bookings_transition": """BEGIN
    IF NOT EXISTS (SELECT 1 FROM booking_transitions
            WHERE old_state = OLD.state AND new_state = NEW.state) THEN
        RAISE EXCEPTION 'bookings_transition' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END""",
    "append_only": """BEGIN
    RAISE EXCEPTION '%_append_only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END""",
}

POSTGRES = {
    "occupations_claim": "AFTER INSERT ON occupations FOR EACH ROW"
    " EXECUTE FUNCTION occupations_keep_claims()",
    "occupations_reclaim": f"AFTER UPDATE OF {_CLAIM_COLUMNS} ON occupations FOR EACH ROW"
    " EXECUTE FUNCTION occupations_keep_claims()",
    "occupations_unclaim": "BEFORE DELETE ON occupations FOR EACH ROW"
    " EXECUTE FUNCTION occupations_unclaim()",
    "bookings_transition": "BEFORE UPDATE OF state ON bookings FOR EACH ROW"
    " WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION bookings_transition()",
    **{
        f"{table}_append_only": f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
        " EXECUTE FUNCTION append_only()"
        for table in APPEND_ONLY
    },
    **{
        f"{table}_no_delete": f"BEFORE DELETE ON {table} FOR EACH ROW"
        " EXECUTE FUNCTION append_only()"
        for table in ("bookings", "runs", "state_intervals", "taps", "cleanings")
    },
}

POSTGRES_OVERLAP = f"""ALTER TABLE state_intervals ADD CONSTRAINT state_intervals_overlap
    EXCLUDE USING gist (machine_id WITH =,
        int8range(starts_at, COALESCE(ends_at, {FAR})) WITH &&)"""


def _table(definition: str) -> str:
    """Return the table a trigger definition speaks of."""
    return definition.split(" ON ", 1)[1].split(maxsplit=1)[0]


def expected(dialect: str) -> set[str]:
    """Return the names of all rules that must be present on this kind of database."""
    return set(SQLITE) if dialect == "sqlite" else {*POSTGRES, "state_intervals_overlap"}


def present(connection: Connection) -> set[str]:
    """Return the names of the rules that are present, as the database itself lists them."""
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.dialect.name != "sqlite":
        query = (
            "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
            " AND t.tgenabled <> 'D' UNION SELECT conname FROM pg_constraint WHERE contype = 'x'"
        )
    return set(connection.exec_driver_sql(query).scalars())


def remove(connection: Connection) -> None:
    """Drop every rule that is present, so that tables may be rebuilt under them."""
    for name in sorted(present(connection)):
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        elif name == "state_intervals_overlap":
            connection.exec_driver_sql(f"ALTER TABLE state_intervals DROP CONSTRAINT {name}")
        elif name in POSTGRES:
            connection.exec_driver_sql(f"DROP TRIGGER {name} ON {_table(POSTGRES[name])}")


def install(connection: Connection) -> None:
    """Create every rule afresh."""
    remove(connection)
    if connection.dialect.name == "sqlite":
        for name, definition in SQLITE.items():
            connection.exec_driver_sql(f"CREATE TRIGGER {name} {definition}")
        return
    connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for name, body in POSTGRES_FUNCTIONS.items():
        escaped = body.replace("%", "%%")
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ {escaped} $$"
        )
    for name, definition in POSTGRES.items():
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {definition}")
    connection.exec_driver_sql(POSTGRES_OVERLAP)
