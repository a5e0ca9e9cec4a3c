"""psycopg_connections.py WAY HOST PORT DATABASE USER SECONDS: see ../../README.md."""
import json
import os
import sys
import threading
import time
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

way, host, port, database, user, seconds = sys.argv[1:]


def read_token():
    return Path(os.environ["TOKEN_FILE"]).read_text().strip()


def options():
    return {"password": read_token()}


start = time.monotonic()
end = start + float(seconds)
lock = threading.Lock()
result = {"queries": 0, "failures": 0, "sessions": 0, "lastAnswer": 0.0, "firstFailure": ""}
sessions = set()


def work(pool):
    while time.monotonic() < end:
        try:
            with pool.connection() as connection:
                who, pid = connection.execute("select current_user, pg_backend_pid()").fetchone()
            if who != user:
                raise RuntimeError(f"answered by {who}")
            with lock:
                result["queries"] += 1
                result["lastAnswer"] = round(time.monotonic() - start, 1)
                sessions.add(pid)
            time.sleep(0.05)
        except Exception as error:  # whatever the pool raises
            with lock:
                result["failures"] += 1
                result["firstFailure"] = result["firstFailure"] or str(error)
            time.sleep(0.2)


with ConnectionPool(
    make_conninfo(host=host, port=port, dbname=database, user=user, sslmode="disable", connect_timeout=10),
    kwargs={"callback": options, "once": options()}.get(way) if way in ("callback", "once") else None,
    min_size=4,
    max_size=4,
    timeout=10,
    max_lifetime=2,
) as pool:
    workers = [threading.Thread(target=work, args=(pool,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
result["sessions"] = len(sessions)
print(json.dumps(result))
