"""asyncpg, which asks a function for its password, or reads it in a .pgpass itself."""
import asyncio
import ssl

import asyncpg

from client import WHO, authority, database, host, port, read_token, refuse, report, user, way


async def log_in():
    connection = await asyncpg.connect(
        host=host,
        port=int(port),
        database=database,
        user=user,
        ssl=ssl.create_default_context(cafile=authority),
        **({"password": read_token} if way == "callback" else {}),
    )
    report(await connection.fetchrow(WHO))
    await connection.close()


try:
    asyncio.run(log_in())
except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
    refuse(error)
