"""Django with django-oauth-toolkit as an OpenID provider. Words: PORT CERTIFICATE KEY FOLDER"""

import ssl
import subprocess
import sys
from wsgiref.simple_server import make_server

import django
from django.conf import settings

port, certificate, key, folder = sys.argv[1:]
signing_key = subprocess.run(
    ["openssl", "genrsa", "2048"], check=True, capture_output=True, text=True
).stdout

settings.configure(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/django.sqlite"}
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.middleware.common.CommonMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": signing_key,
        "SCOPES": {"openid": "who you are"},
    },
)
django.setup()

from django.contrib.auth import authenticate, login  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402


def sign_in(request):
    """Stands for the page of an application where people sign in."""
    login(request, authenticate(request, username=request.GET["name"], password="only-for-tests"))
    return HttpResponse("welcome")


urlpatterns = [
    path("sign-in", sign_in),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]

call_command("migrate", verbosity=0)
for name in ("alice", "bob"):
    User.objects.create_user(name, password="only-for-tests")
for name in ("postgres", "grafana"):
    Application.objects.create(
        client_id=name,
        name=name,
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris="http://127.0.0.1/callback",
        algorithm=Application.RS256_ALGORITHM,
        skip_authorization=True,
    )

server = make_server("127.0.0.1", int(port), get_wsgi_application())
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
