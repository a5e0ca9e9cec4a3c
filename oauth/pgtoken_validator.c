/*
 * OAuth validator of PostgreSQL 18 and later: logs in whoever presents a token that pgtoken accepts for the requested role. It asks
 * the daemon as the PAM module does, over the same sources, and decides nothing by itself.
 *
 * What must stay true here:
 * - Only an outcome of OUTCOME_GRANTED authorizes. Whatever else happens leaves result as PostgreSQL made it: not authorized.
 * - The token is read where PostgreSQL has it, never copied, never logged. PostgreSQL owns it and wipes it.
 * - Every wait ends at the deadline, and sooner when the backend is to end or its client has left (wait.c).
 * - Nothing is left behind in the backend: no thread, no signal handler, no descriptor, no memory.
 */
#include "postgres.h"

#include "../pam/client.h"
#include "wait.h"

#include "fmgr.h"
#include "libpq/libpq-be.h"
#include "libpq/oauth.h"
#include "miscadmin.h"
#include "utils/guc.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#define HINT ". HINT: "

PG_MODULE_MAGIC_EXT(.name = "pgtoken_validator");

/* Settings of the server. No client can set them, as they are of PGC_SIGHUP. */
static char *service, *socket_path;
static int timeout;
static bool require_encryption;

/* Defines the settings. */
void _PG_init(void) {
  DefineCustomStringVariable("pgtoken.service", "The service that logins over OAuth are for.",
                             "Entries of issuers.yaml with pam.services admit only those.", &service, "postgresql",
                             PGC_SIGHUP, 0, NULL, NULL, NULL);
  DefineCustomStringVariable("pgtoken.socket", "The socket of pgtoken serve.", NULL, &socket_path,
                             "/run/pgtoken/pgtoken.sock", PGC_SIGHUP, 0, NULL, NULL, NULL);
  DefineCustomIntVariable("pgtoken.timeout", "The time for a decision.", NULL, &timeout, 5, 1, 60, PGC_SIGHUP, GUC_UNIT_S,
                          NULL, NULL, NULL);
  DefineCustomBoolVariable("pgtoken.require_encryption", "Refuses tokens that come over a network without TLS or GSSAPI.", NULL,
                           &require_encryption, true, PGC_SIGHUP, 0, NULL, NULL, NULL);
  MarkGUCPrefixReserved("pgtoken");
}

/* Returns how the token came, in the words of the protocol. */
static const char *transport_of(Port *port) {
  if (port->raddr.addr.ss_family == AF_UNIX)
    return "unix";
  if (port->ssl_in_use)
    return "tls";
#ifdef ENABLE_GSS
  if (be_gssapi_get_enc(port))
    return "gss";
#endif
  return "plain";
}

/* Writes the client's address as numbers into out, whatever log_hostname says. Returns it, or NULL for a unix socket. */
static const char *address_of(const Port *port, char *out, size_t size) {
  const int family = port->raddr.addr.ss_family;
  const int rc = family == AF_UNIX ? EAI_FAMILY
                                   : getnameinfo((const struct sockaddr *)&port->raddr.addr, port->raddr.salen, out,
                                                 (socklen_t)size, NULL, 0, NI_NUMERICHOST);

  if (family != AF_UNIX && rc != 0)
    strlcpy(out, "", size); /* no network holds it */
  return family == AF_UNIX ? NULL : out;
}

/* Returns whether the settings can be used and the connection may carry a token; if not, writes the refusal. */
static bool is_permitted(const struct request *req, struct reply *why) {
  if (socket_path[0] != '/' || strlen(socket_path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
    reply_refuse(why, OUTCOME_MISCONFIGURED, "ERR_CONFIG_INVALID",
                 "setting pgtoken.socket: expected an absolute path of at most 107 bytes, got \"%s\"", socket_path);
  else if (req->service[0] == '\0')
    reply_refuse(why, OUTCOME_MISCONFIGURED, "ERR_CONFIG_INVALID", "setting pgtoken.service: expected a name, got \"\"");
  else if (require_encryption && strcmp(req->transport, "plain") == 0)
    reply_refuse(why, OUTCOME_DENIED, "ERR_NOT_ENCRYPTED",
                 "the token came over a network without encryption; expected TLS or GSSAPI. HINT: Write hostssl into "
                 "pg_hba.conf, not host. Who saw the token can use it until it expires.");
  else
    return request_fits(req, why);
  return false;
}

/* Tells a refusal: from PostgreSQL 19 on as DETAIL of PostgreSQL's own message, before that in a message of its own. */
static void report(const struct reply *reply, ValidatorModuleResult *result) {
#if PG_VERSION_NUM >= 190000
  result->error_detail = psprintf("pgtoken: %s", reply->line);
#else
  const char *hint = strstr(reply->line, HINT);
  const size_t len = hint != NULL ? (size_t)(hint - reply->line) : strlen(reply->line);

  (void)result;
  ereport(LOG, errmsg_internal("pgtoken: %.*s", (int)len, reply->line),
          hint != NULL ? errhint_internal("%s", hint + strlen(HINT)) : 0);
#endif
}

/* Returns the service of this line of pg_hba.conf, or else that of the server. */
static const char *service_of(const ValidatorModuleState *state) {
#if PG_VERSION_NUM >= 190000
  const char *option = GetOAuthHBAOption(state, "service");

  if (option != NULL)
    return option;
#endif
  (void)state;
  return service;
}

/* Asks for the decision. Returns true: what keeps it from one is a refusal with a reason, and no internal error. */
static bool validate(const ValidatorModuleState *state, const char *token, const char *role, ValidatorModuleResult *result) {
  char address[NI_MAXHOST];
  struct reply reply = {0};
  const struct request req = {
    .service = service_of(state),
    .user = role,
    .rhost = address_of(MyProcPort, address, sizeof address),
    .token = token,
    .database = MyProcPort->database_name,
    .transport = transport_of(MyProcPort),
    .pid = MyProcPid,
  };

  if (is_permitted(&req, &reply)) {
    client_ask(-1, socket_path, &req, deadline_in(timeout * 1000), &reply);
    CHECK_FOR_INTERRUPTS();
  }
  if (client_has_left()) {
    ereport(LOG, errmsg_internal("pgtoken: the client left before there was a decision"));
    return true;
  }
  if (reply.outcome != OUTCOME_GRANTED) {
    report(&reply, result);
    return true;
  }
  const char *subject = reply_subject(&reply);
  if (subject[0] != '\0')
    result->authn_id = pstrdup(subject);
  result->authorized = true;
  return true;
}

#if PG_VERSION_NUM >= 190000
/* Makes validator.service= an option of pg_hba.conf. */
static void startup(ValidatorModuleState *state) {
  const char *options[] = {"service"};

  RegisterOAuthHBAOptions(state, 1, options);
}
#endif

/* Returns what PostgreSQL calls, for as long as the server runs. */
const OAuthValidatorCallbacks *_PG_oauth_validator_module_init(void) {
  static const OAuthValidatorCallbacks callbacks = {
    .magic = PG_OAUTH_VALIDATOR_MAGIC,
#if PG_VERSION_NUM >= 190000
    .startup_cb = startup,
#endif
    .validate_cb = validate,
  };

  return &callbacks;
}
