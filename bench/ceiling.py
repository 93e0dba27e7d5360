"""The ceiling: what Flask and SQLAlchemy can do at all, one bare insert a request."""

import os
from datetime import datetime

from flask import Flask, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from packhouse.db import engine_options, prepare_engine


class Base(DeclarativeBase):
    pass


bare = SQLAlchemy(metadata=Base.metadata)


class BareBooking(Base):
    __tablename__ = "bare_bookings"

    id: Mapped[int] = mapped_column(primary_key=True)
    machine: Mapped[str]
    product: Mapped[int]
    quantity: Mapped[int]
    starts_at: Mapped[datetime]


def create() -> Flask:
    """Build the bare app on the database of BENCH_DATABASE_URL."""
    url = os.environ["BENCH_DATABASE_URL"]
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url)
    bare.init_app(app)
    with app.app_context():
        prepare_engine(bare.engine)
        with bare.engine.connect().execution_options(immediate=True) as connection:
            Base.metadata.create_all(connection)
            connection.commit()
    app.add_url_rule("/api/v1/bookings", view_func=book, methods=["POST"])
    return app


def book() -> ResponseReturnValue:
    asked = request.get_json()
    session = bare.session()
    session.connection(execution_options={"immediate": True})
    row = BareBooking(
        machine=asked["machine"],
        product=asked["product"],
        quantity=asked["quantity"],
        starts_at=datetime.fromisoformat(asked["starts_at"]).replace(tzinfo=None),
    )
    session.add(row)
    session.commit()
    return {"id": row.id}, 201
