"""What every form has: Indonesian messages, trimmed text, whole numbers, a key."""

import re
from pathlib import Path
from typing import Any

import flask_wtf
import pytest
import wtforms
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms.validators import InputRequired, Length, NumberRange

from packhouse.forms import TEXTS, BaseForm, IdempotentForm, WholeNumberField

SAID = re.compile(r'(?:gettext|_)\(\s*"((?:[^"\\]|\\.)+)"')


class Sample(BaseForm):
    name = wtforms.StringField("Nama", [InputRequired(), Length(max=5)])
    secret = wtforms.PasswordField("Sandi")
    pieces = WholeNumberField("Jumlah", [NumberRange(min=1)])


def filled(app: Flask, **values: str) -> Any:
    with app.test_request_context(method="POST"):
        form = Sample(formdata=MultiDict(values))
        form.validate()
        return form


@pytest.mark.parametrize("library", [wtforms, flask_wtf])
def test_no_message_of_a_library_is_left_in_english(library: Any) -> None:
    said = {
        text
        for path in Path(library.__file__).parent.rglob("*.py")
        for text in SAID.findall(path.read_text(encoding="utf-8"))
    }
    assert {text.replace("\\'", "'") for text in said} - TEXTS.keys() == set()


def test_a_missing_field_is_named_in_indonesian(app: Flask) -> None:
    assert filled(app, pieces="1").errors["name"] == ["Wajib diisi."]


def test_text_is_trimmed_but_a_password_is_not(app: Flask) -> None:
    form = filled(app, name="  Siti ", secret=" rahasia ", pieces="1")
    assert form.validate
    assert (form.name.data, form.secret.data) == ("Siti", " rahasia ")


def test_what_is_too_long_is_told_with_its_limit(app: Flask) -> None:
    assert filled(app, name="Aminah", pieces="1").errors["name"] == ["Paling banyak 5 huruf."]


@pytest.mark.parametrize("bad", ["a\x00b", "a\x1bb"])
def test_control_characters_are_refused(app: Flask, bad: str) -> None:
    assert "tidak dapat disimpan" in filled(app, name=bad, pieces="1").errors["name"][0]


@pytest.mark.parametrize("text", ["1250", "1.250", " 1 250 "])
def test_a_whole_number_may_be_grouped(app: Flask, text: str) -> None:
    assert filled(app, name="Siti", pieces=text).pieces.data == 1250


def test_a_number_out_of_range_or_no_number_is_told(app: Flask) -> None:
    assert filled(app, name="Siti", pieces="0").errors["pieces"] == ["Sedikitnya 1."]
    assert filled(app, name="Siti", pieces="dua").errors["pieces"][0] == "Isi dengan angka bulat."


def test_an_endless_number_is_refused(app: Flask) -> None:
    form = filled(app, name="Siti", pieces="9" * 400)
    assert form.errors["pieces"][0] == "Isi dengan angka bulat."


def test_two_forms_have_two_keys_and_a_returned_form_keeps_its_own(app: Flask) -> None:
    with app.test_request_context(method="POST"):
        fresh = {IdempotentForm(formdata=None).idempotency_key.data for _ in range(2)}
        assert len(fresh) == 2
        again = IdempotentForm(formdata=MultiDict({"idempotency_key": "abc"}))
        assert again.idempotency_key.data == "abc"
