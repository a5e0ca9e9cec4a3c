// psqlODBC below unixODBC, which takes the token as Pwd or leaves it to libpq, which reads it in a .pgpass: see ../../README.md.
// PSQLODBC is the path of the driver.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sql.h>
#include <sqlext.h>

static int fail(SQLSMALLINT kind, SQLHANDLE handle)
{
    SQLCHAR state[6], message[1024];
    SQLINTEGER code;

    for (SQLSMALLINT at = 1; SQL_SUCCEEDED(SQLGetDiagRec(kind, handle, at, state, &code, message, sizeof message, NULL)); at++)
        fprintf(stderr, "%s %s\n", state, message);
    return 1;
}

/* The token without the line break that its file ends in; the caller frees it. */
static char *read_token(void)
{
    FILE *file = fopen(getenv("TOKEN_FILE"), "r");
    char *token = NULL;
    size_t size = 0;

    if (file == NULL || getline(&token, &size, file) < 0)
        exit(2);
    fclose(file);
    token[strcspn(token, "\n")] = '\0';
    return token;
}

int main(int argc, char **argv)
{
    SQLHENV environment;
    SQLHDBC connection;
    SQLHSTMT statement;
    SQLCHAR who[64], encrypted[8];
    char *options, *token = NULL;

    if (argc != 7)
        return 2;
    if (strcmp(argv[1], "password") == 0)
        token = read_token();
    /* pqopt goes to libpq as it is. */
    if (asprintf(&options, "DRIVER=%s;Servername=%s;Port=%s;Database=%s;Uid=%s;SSLmode=verify-full;pqopt={sslrootcert=%s}%s%s",
                 getenv("PSQLODBC"), argv[2], argv[3], argv[4], argv[5], argv[6], token == NULL ? "" : ";Pwd=",
                 token == NULL ? "" : token) < 0)
        return 2;
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
    SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
    if (!SQL_SUCCEEDED(SQLDriverConnect(connection, NULL, (SQLCHAR *)options, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT)))
        return fail(SQL_HANDLE_DBC, connection);
    SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement);
    if (!SQL_SUCCEEDED(SQLExecDirect(statement,
                                     (SQLCHAR *)"select current_user, case when ssl then 'TLS' else 'plain' end"
                                                " from pg_stat_ssl where pid = pg_backend_pid()",
                                     SQL_NTS)))
        return fail(SQL_HANDLE_STMT, statement);
    SQLFetch(statement);
    SQLGetData(statement, 1, SQL_C_CHAR, who, sizeof who, NULL);
    SQLGetData(statement, 2, SQL_C_CHAR, encrypted, sizeof encrypted, NULL);
    printf("%s %s\n", who, encrypted);
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
    SQLDisconnect(connection);
    return 0;
}
