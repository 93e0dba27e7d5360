"""A first visit: one form, then straight to the times for what she wants to pack."""

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from packhouse import clock
from packhouse.domain.passwords import problems_with_password
from packhouse.errors import KeyReused, PackhouseError, Problem, RuleBroken, TooMany
from packhouse.forms import new_key
from packhouse.forms.users import SignUpForm
from packhouse.i18n.formats import number
from packhouse.i18n.locale import current_locale
from packhouse.i18n.names import regency_name
from packhouse.queries.businesses import has_namesake
from packhouse.queries.machines import packs
from packhouse.queries.users import needs_email
from packhouse.services.registration import Newcomer, problems_with_newcomer, sign_up
from packhouse.web import login
from packhouse.web.access import Access, allow
from packhouse.web.errors import status_of
from packhouse.web.security import limiter
from packhouse.web.users.frame import bp

PASSWORDS = ("password_short", "password_long", "password_common", "password_personal")
FIELDS = dict.fromkeys(PASSWORDS, "password")


@bp.get("/sign-up")
@allow(Access.PUBLIC)
def new_account() -> ResponseReturnValue:
    if g.actor is not None:
        return redirect(url_for("home.index"), code=303)
    return render_template("users/sign_up.html", form=_form(), most=_most())


@bp.post("/sign-up")
@limiter.limit("20 per minute; 200 per day")  # A village may stand behind one address.
@allow(Access.PUBLIC)
def create_account() -> ResponseReturnValue:
    form = _form()
    lane = request.form.get("lane", "")
    told = form.newcomer(lane)
    if not form.validate():
        _tell_the_rest(form, [*problems_with_newcomer(told), *_problems_with_password(form)])
        return _again(form)
    try:
        registered = sign_up(
            told=told,
            password=form.password.data or "",
            key=form.idempotency_key.data or new_key(),
            now=clock.now(),
            locale=current_locale(),
            lifetime=current_app.permanent_session_lifetime,
        )
    except (RuleBroken, TooMany) as refusal:
        form.tell(refusal.problems, FIELDS)
        return _again(form, refusal)
    except KeyReused as refusal:
        form.idempotency_key.data = new_key()  # For somebody else, on the same telephone.
        form.tell(refusal.problems)
        return _again(form, refusal)
    login.begin_session(registered.secret)
    _say_what_was_assumed(registered.product_id)
    _say_who_is_called_alike(told)
    if needs_email(user_id=registered.user_id):
        _say_to_add_an_address()
    return redirect(_times(registered.product_id, form.quantity.data or 1), code=303)


@bp.get("/first-steps")
@allow(Access.PRODUCER)
def first_steps() -> str:
    return render_template("users/first_steps.html", most=_most())


def _form() -> SignUpForm:
    form = SignUpForm()
    form.offer_packs(packs())
    return form


def _most() -> int:
    return int(current_app.config["TRIAL_PIECES"])


def _problems_with_password(form: SignUpForm) -> list[Problem]:
    typed = form.password.data or ""
    personal = (form.name.data or "", form.phone.data or "")
    return problems_with_password(typed, personal=personal) if typed else []


def _tell_the_rest(form: SignUpForm, problems: list[Problem]) -> None:
    """Say beside the other fields what the rules find, so that she has to come back only once."""
    named = [(each, str(each.facts.get("field", FIELDS.get(each.code, "")))) for each in problems]
    form.tell((each for each, name in named if not (name in form and form[name].errors)), FIELDS)


def _again(form: SignUpForm, refusal: PackhouseError | None = None) -> ResponseReturnValue:
    page = render_template("users/sign_up.html", form=form, most=_most())
    return page, status_of(refusal) if refusal else 422


def _times(product_id: int, quantity: int) -> str:
    """Return the page of times for what she asked; a trial has its largest quantity."""
    most = _most()
    if quantity > most:
        text = _(
            "Tanpa NIB yang sudah diperiksa, satu uji coba paling banyak %(most)s kemasan. Jumlah"
            " %(quantity)s kami jadikan %(most)s.",
            most=number(most, locale=current_locale(), digits=0),
            quantity=number(quantity, locale=current_locale(), digits=0),
        )
        flash(text, "warning")
    return url_for("slots.quote", product=product_id, quantity=min(quantity, most))


def _say_to_add_an_address() -> None:
    flash(
        Markup("{} <a href='{}'>{}</a>").format(
            _(
                "Nomor ponsel ini sudah dipakai beberapa orang lain. Lain kali Anda masuk dengan"
                " surel, bukan dengan nomor:"
            ),
            url_for("users.account"),
            _("Tambahkan surel Anda"),
        ),
        "warning",
    )


def _say_who_is_called_alike(told: Newcomer) -> None:
    """Two of a name may be two: it is only said, and only to who has just told hers."""
    if has_namesake(name=told.name, regency=told.regency):
        flash(
            _(
                "Usaha dengan nama ini sudah ada di %(regency)s. Bila itu usaha Anda juga, minta"
                " diundang pemiliknya atau hubungi petugas, supaya tidak tercatat dua kali.",
                regency=regency_name(told.regency),
            ),
            "info",
        )


def _say_what_was_assumed(product_id: int) -> None:
    flash(
        Markup("{} <a href='{}'>{}</a><br>{} <a href='{}'>{}</a>").format(
            _(
                "Akun Anda siap. Isi produk ini belum kami ketahui, jadi sementara dianggap basah"
                " atau berminyak dan mesinnya dibersihkan penuh. Bila kering, waktu bersihnya bisa"
                " lebih singkat:"
            ),
            url_for("products.edit", product_id=product_id),
            _("Lengkapi sifat produk"),
            _("Belum punya NIB? Boleh uji coba, tidak untuk dijual."),
            url_for("users.first_steps"),
            _("Lihat dokumen yang Anda perlukan"),
        ),
        "success",
    )
