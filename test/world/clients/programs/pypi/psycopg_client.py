"""psycopg 3, which takes the token as its password or leaves it to libpq, which reads it in a .pgpass."""
import psycopg

from client import WHO, authority, database, host, port, read_token, refuse, report, user, way

try:
    with psycopg.connect(
        f"host={host} port={port} dbname={database} user={user} sslmode=verify-full sslrootcert={authority}",
        **({"password": read_token()} if way == "password" else {}),
    ) as connection:
        report(connection.execute(WHO).fetchone())
except psycopg.Error as error:
    refuse(error)
