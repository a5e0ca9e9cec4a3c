"""pg8000, which takes the token as its password."""
import ssl

import pg8000.dbapi
from scramp import ScramException

from client import WHO, authority, database, host, port, read_token, refuse, report, user

try:
    connection = pg8000.dbapi.connect(
        host=host,
        port=int(port),
        database=database,
        user=user,
        password=read_token(),
        ssl_context=ssl.create_default_context(cafile=authority),
    )
    cursor = connection.cursor()
    cursor.execute(WHO)
    report(cursor.fetchone())
    connection.close()
except (pg8000.dbapi.Error, ScramException, OSError) as error:
    refuse(error)
