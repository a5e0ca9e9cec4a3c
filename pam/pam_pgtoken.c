/*
 * PAM module: logs in whoever presents a token that pgtoken accepts for the requested role.
 *
 * What must stay true here:
 * - PAM codes of a decision are made in one place, pam_code(), whose default denies. PAM_IGNORE is never returned.
 * - The token is read from libpam's PAM_AUTHTOK, never copied, never logged. libpam owns it and wipes it.
 * - Every refusal is told twice: to syslog, and as PAM_ERROR_MSG, which PostgreSQL writes to its own log.
 * - We are a guest: no globals, threads or signal handlers, and nothing left behind in the process.
 */
#include "client.h"
#include "helper.h"
#include "options.h"

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define GRANT "pgtoken-grant" /* the name of what authenticate leaves in the handle for acct_mgmt */

/* For whom, and for which service, this handle was last authenticated. */
struct grant {
  char user[FIELD_MAX + 1], service[FIELD_MAX + 1];
};

/* Frees a grant: libpam calls it when the grant is replaced, and at pam_end. */
static void free_grant(pam_handle_t *pamh, void *grant, int status) {
  (void)pamh, (void)status;
  free(grant);
}

/* Returns the PAM code of an outcome. */
static int pam_code(enum outcome outcome) {
  switch (outcome) {
  case OUTCOME_GRANTED:
    return PAM_SUCCESS;
  case OUTCOME_UNAVAILABLE:
    return PAM_AUTHINFO_UNAVAIL;
  case OUTCOME_MISCONFIGURED:
    return PAM_SERVICE_ERR;
  default: /* OUTCOME_DENIED, and whatever else there may ever be */
    return PAM_AUTH_ERR;
  }
}

/* Returns an item of the handle, which libpam owns, or fallback when it is not set. */
static const char *item(const pam_handle_t *pamh, int type, const char *fallback) {
  const void *value = NULL;

  return pam_get_item(pamh, type, &value) == PAM_SUCCESS && value != NULL ? value : fallback;
}

/* Makes text printable ASCII, with '?' for every other byte: letters can pass for others, or turn a line around. */
static void make_ascii(char *text) {
  for (; *text != '\0'; text++)
    *text = *text >= 0x20 && *text <= 0x7e ? *text : '?';
}

/* Tells a refusal to syslog and, unless PAM_SILENT, to the application. Returns the PAM code of any answer. */
static int conclude(pam_handle_t *pamh, int flags, const struct reply *reply) {
  char names[3 * 256 + 64], text[REPLY_MAX + 1];

  if (reply->outcome == OUTCOME_GRANTED)
    return pam_code(reply->outcome);
  /* The user comes last, so that nothing in it can pass for a field of ours. */
  snprintf(names, sizeof names, "service=%.256s rhost=%.256s user=%.256s", item(pamh, PAM_SERVICE, "-"),
           item(pamh, PAM_RHOST, "-"), item(pamh, PAM_USER, "-"));
  make_ascii(names);
  pam_syslog(pamh, reply->outcome == OUTCOME_DENIED ? LOG_NOTICE : LOG_ERR, "%s (%s)", reply->line, names);
  copy_printable(text, sizeof text - strlen("pgtoken: "), reply->line);
  if (!((unsigned int)flags & PAM_SILENT))
    pam_error(pamh, "pgtoken: %s", text);
  return pam_code(reply->outcome);
}

/* Asks for the decision and, when it is a grant, leaves one in the handle. */
EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv) {
  struct options opt;
  struct reply reply = {0};
  struct request req = {0};

  /* From here on only this call's own grant can open acct_mgmt. */
  if (pam_set_data(pamh, GRANT, NULL, NULL) != PAM_SUCCESS)
    return PAM_BUF_ERR;
  if (options_parse(argc, argv, &opt, &reply) < 0)
    return conclude(pamh, flags, &reply);

  /* The conversation takes a while, in which the daemon can get ready. */
  __attribute__((cleanup(close_fd))) int called = opt.exec ? -1 : client_call(opt.socket);
  req.service = item(pamh, PAM_SERVICE, "");
  req.rhost = item(pamh, PAM_RHOST, NULL); /* not set on a unix socket */
  req.pid = getpid();
  int rc = pam_get_user(pamh, &req.user, NULL);
  if (rc == PAM_SUCCESS)
    rc = pam_get_authtok(pamh, PAM_AUTHTOK, &req.token, NULL);
  if (rc != PAM_SUCCESS || req.user == NULL || req.token == NULL) {
    /* Not a refusal: psql hangs up here on its first connection, then asks its user and connects again. */
    if (opt.debug)
      pam_syslog(pamh, LOG_DEBUG, "the conversation yields no token: %s", pam_strerror(pamh, rc));
    return rc == PAM_BUF_ERR ? PAM_BUF_ERR : PAM_AUTHINFO_UNAVAIL;
  }

  const deadline_t deadline = deadline_in(opt.timeout * 1000);
  if (request_fits(&req, &reply))
    opt.exec ? helper_ask(&opt, &req, deadline, &reply) : client_ask(called, opt.socket, &req, deadline, &reply);
  if (reply.outcome == OUTCOME_GRANTED) {
    struct grant *grant = malloc(sizeof *grant);
    if (grant == NULL || pam_set_data(pamh, GRANT, grant, free_grant) != PAM_SUCCESS) {
      free(grant);
      return PAM_BUF_ERR;
    }
    strcpy(grant->user, req.user); /* both fit: request_fits */
    strcpy(grant->service, req.service);
    if (opt.debug)
      pam_syslog(pamh, LOG_DEBUG, "granted with mode=%s in %d ms", opt.exec ? "exec" : "daemon",
                 opt.timeout * 1000 - deadline_left(deadline));
  }
  return conclude(pamh, flags, &reply);
}

/* Succeeds for the user and service that this handle was last authenticated for, and for nobody else. */
EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv) {
  struct options opt;
  struct reply reply = {0};
  const void *data = NULL;

  if (options_parse(argc, argv, &opt, &reply) < 0)
    return conclude(pamh, flags, &reply);
  const struct grant *grant = pam_get_data(pamh, GRANT, &data) == PAM_SUCCESS ? data : NULL;
  if (grant == NULL)
    reply_refuse(&reply, OUTCOME_DENIED, "ERR_ROLE_NOT_PERMITTED",
                 "no token was accepted before this account check. "
                 "HINT: Let the service's auth line be pam_pgtoken.so as well.");
  else if (strcmp(grant->user, item(pamh, PAM_USER, "")) != 0 ||
           strcmp(grant->service, item(pamh, PAM_SERVICE, "")) != 0)
    reply_refuse(&reply, OUTCOME_DENIED, "ERR_ROLE_NOT_PERMITTED",
                 "the token was accepted for another PAM_USER or PAM_SERVICE");
  else
    reply.outcome = OUTCOME_GRANTED;
  return conclude(pamh, flags, &reply);
}

/* Always succeeds: there are no credentials to set, and an application that calls it must not fail after a login. */
EXPORT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv) {
  (void)pamh, (void)flags, (void)argc, (void)argv;
  return PAM_SUCCESS;
}
