/*
 * Parsing of the options. Rule: nothing is ignored. An option that is unknown, malformed, given twice or without effect
 * in the chosen mode is an error that names it, what was expected and what was seen; then nobody logs in.
 */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { MODE, SOCKET, HELPER, CONFIG, TIMEOUT, DEBUG, KNOWN };

static const struct {
  const char *name, *expected, *fallback;
} known[KNOWN] = {
  [MODE] = {"mode", "daemon or exec", "daemon"},
  [SOCKET] = {"socket", "an absolute path of at most 107 bytes", "/run/pgtoken/pgtoken.sock"},
  [HELPER] = {"helper", "an absolute path", "/usr/bin/pgtoken"},
  [CONFIG] = {"config", "an absolute path", "/etc/pgtoken/issuers.yaml"},
  [TIMEOUT] = {"timeout", "a whole number of seconds from 1 to 60", "5"},
  [DEBUG] = {"debug", "no value", NULL},
};

/* Writes the refusal of an option. Returns -EINVAL. */
static int refuse(struct reply *why, const char *name, const char *expected, const char *seen) {
  reply_refuse(why, OUTCOME_MISCONFIGURED, "ERR_CONFIG_INVALID", "module option %s: expected %s, got \"%s\"", name,
               expected, seen);
  return -EINVAL;
}

/* Returns whether value is right for option number i. */
static bool is_valid(int i, const char *value) {
  switch (i) {
  case MODE:
    return strcmp(value, "daemon") == 0 || strcmp(value, "exec") == 0;
  case SOCKET:
    return value[0] == '/' && strlen(value) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
  case TIMEOUT: /* one or two digits, no leading zero */
    return value[0] >= '1' && value[0] <= '9' && strlen(value) <= 2 && strspn(value, "0123456789") == strlen(value) &&
           atoi(value) <= 60;
  default: /* HELPER, CONFIG; DEBUG has no value */
    return value[0] == '/' || i == DEBUG;
  }
}

/* Parses argv. Returns 0 and writes out, or -EINVAL and writes the refusal into why. */
int options_parse(int argc, const char **argv, struct options *out, struct reply *why) {
  const char *given[KNOWN] = {NULL};

  for (int a = 0; a < argc; a++) {
    const size_t len = strcspn(argv[a], "=");
    int i = 0;
    while (i < KNOWN && (strlen(known[i].name) != len || strncmp(argv[a], known[i].name, len) != 0))
      i++;
    if (i == KNOWN)
      return refuse(why, "name", "mode=, socket=, helper=, config=, timeout= or debug", argv[a]);
    if ((argv[a][len] == '=') == (i == DEBUG)) /* all but debug want a value */
      return refuse(why, known[i].name, known[i].expected, argv[a]);
    if (given[i] != NULL)
      return refuse(why, known[i].name, "it to be given once", argv[a]);
    given[i] = i == DEBUG ? "" : argv[a] + len + 1;
    if (!is_valid(i, given[i]))
      return refuse(why, known[i].name, known[i].expected, given[i]);
  }

  const bool exec = given[MODE] != NULL && strcmp(given[MODE], "exec") == 0;
  if (exec && given[SOCKET] != NULL)
    return refuse(why, "socket", "mode=daemon beside it", "mode=exec");
  if (!exec && (given[HELPER] != NULL || given[CONFIG] != NULL))
    return refuse(why, given[HELPER] != NULL ? "helper" : "config", "mode=exec beside it", "mode=daemon");

  for (int i = 0; i < KNOWN; i++)
    given[i] = given[i] != NULL ? given[i] : known[i].fallback;
  *out = (struct options){.exec = exec, .debug = given[DEBUG] != NULL, .timeout = atoi(given[TIMEOUT]),
                          .socket = given[SOCKET], .helper = given[HELPER], .config = given[CONFIG]};
  return 0;
}
