"""What every page of people stands on: the blueprint, who I am, and a form shown again."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from packhouse.errors import NotFound, PackhouseError
from packhouse.forms import BaseForm
from packhouse.i18n.messages import problem_text
from packhouse.queries.users import Person, my_account
from packhouse.web.access import current_actor
from packhouse.web.errors import status_of

bp = Blueprint("users", __name__)


def me() -> Person:
    """Return who is signed in."""
    return found(my_account(user_id=current_actor().id or 0))


def found(person: Person | None) -> Person:
    """Return a person who must be there."""
    if person is None:
        raise NotFound
    return person


def again(
    template: str, form: BaseForm, refusal: PackhouseError, **more: object
) -> ResponseReturnValue:
    """Show the form again with what was refused; what is secret, WTForms does not send back."""
    told = [problem_text(problem.code, problem.facts) for problem in refusal.problems]
    form.form_errors = [*form.form_errors, *told]
    return render_template(template, form=form, **more), status_of(refusal)
