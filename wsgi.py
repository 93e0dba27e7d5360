"""The application as a WSGI server and the flask command find it."""

from config import from_environment
from packhouse import create_app

app = create_app(from_environment())
