"""What the programs of drivers for Python are told, and what they print: see ../../README.md."""
import os
import sys
from pathlib import Path

WHO = "select current_user::text, ssl from pg_stat_ssl where pid = pg_backend_pid()"

way, host, port, database, user, authority = sys.argv[1:]


def read_token():
    return Path(os.environ["TOKEN_FILE"]).read_text().strip()


def report(row):
    who, is_encrypted = row
    print(who, "TLS" if is_encrypted else "plain")


def refuse(error):
    sys.exit(f"{error}".rstrip("\n"))
