import re

from reportlab.graphics.barcode import qrencoder

from packhouse.web.qr import QUIET, qr_code


def test_a_drawn_code_has_exactly_the_dark_modules_of_the_encoder() -> None:
    text = "https://contoh.example/bookings/PTK-7K3M9Q"
    code = qrencoder.QRCode(None, qrencoder.QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    size = range(code.moduleCount)
    wanted = {(x, y) for x in size for y in size if code.isDark(y, x)}

    drawn = qr_code(text, "Kode")

    strokes = re.findall(r"M(\d+) (\d+)h(\d+)v1", drawn)
    found = {
        (int(x) - QUIET + step, int(y) - QUIET)
        for x, y, length in strokes
        for step in range(int(length))
    }
    assert found == wanted


def test_the_label_of_a_code_is_text() -> None:
    assert "&lt;b&gt;" in qr_code("x", "<b>")
