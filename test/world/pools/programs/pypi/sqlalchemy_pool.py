"""sqlalchemy_pool.py WAY HOST PORT DATABASE USER SECONDS: see ../../README.md."""
import json
import os
import sys
import threading
import time
from pathlib import Path

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL

way, host, port, database, user, seconds = sys.argv[1:]


def read_token():
    return Path(os.environ["TOKEN_FILE"]).read_text().strip()


engine = create_engine(
    URL.create(
        "postgresql+psycopg",
        username=user,
        password=read_token() if way == "once" else None,
        host=host,
        port=int(port),
        database=database,
        query={"sslmode": "disable"},
    ),
    pool_size=4,
    max_overflow=0,
    pool_timeout=10,
    pool_recycle=2,
    connect_args={"connect_timeout": 10},
)
if way == "callback":

    @event.listens_for(engine, "do_connect")
    def provide_token(dialect, record, cargs, cparams):
        cparams["password"] = read_token()


start = time.monotonic()
end = start + float(seconds)
lock = threading.Lock()
result = {"queries": 0, "failures": 0, "sessions": 0, "lastAnswer": 0.0, "firstFailure": ""}
sessions = set()


def work():
    while time.monotonic() < end:
        try:
            with engine.connect() as connection:
                who, pid = connection.execute(text("select current_user, pg_backend_pid()")).one()
            if who != user:
                raise RuntimeError(f"answered by {who}")
            with lock:
                result["queries"] += 1
                result["lastAnswer"] = round(time.monotonic() - start, 1)
                sessions.add(pid)
            time.sleep(0.05)
        except Exception as error:  # whatever the driver raises
            with lock:
                result["failures"] += 1
                result["firstFailure"] = result["firstFailure"] or str(error)
            time.sleep(0.2)


workers = [threading.Thread(target=work) for _ in range(4)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
engine.dispose()
result["sessions"] = len(sessions)
print(json.dumps(result))
