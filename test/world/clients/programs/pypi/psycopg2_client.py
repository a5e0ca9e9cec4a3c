"""psycopg 2, which takes the token as its password or leaves it to libpq, which reads it in a .pgpass."""
import psycopg2

from client import WHO, authority, database, host, port, read_token, refuse, report, user, way

try:
    connection = psycopg2.connect(
        f"host={host} port={port} dbname={database} user={user} sslmode=verify-full sslrootcert={authority}",
        **({"password": read_token()} if way == "password" else {}),
    )
    cursor = connection.cursor()
    cursor.execute(WHO)
    report(cursor.fetchone())
except psycopg2.Error as error:
    refuse(error)
