/*
 * Fuzzes the parser of the module's options, against a second opinion: a regular expression for each option. The input is the
 * options, each ended by a line feed, which cannot stand in a service file.
 */
#include "options.h"

#include <errno.h>
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MODE_DAEMON, MODE_EXEC, SOCKET, HELPER, CONFIG, TIMEOUT, DEBUG, FORMS };

static const char *const forms[FORMS] = {
  "^mode=daemon$", "^mode=exec$", "^socket=/.{0,106}$", "^helper=/.*$", "^config=/.*$",
  "^timeout=([1-9]|[1-5][0-9]|60)$", "^debug$",
};

static void expect(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "not so: %s\n", what);
  abort();
}

/* Returns the form that an option has, or FORMS. */
static int form_of(const char *option) {
  static regex_t compiled[FORMS];
  static bool ready;

  for (int i = 0; !ready && i < FORMS; i++)
    expect(regcomp(&compiled[i], forms[i], REG_EXTENDED | REG_NOSUB) == 0, "the expression compiles");
  ready = true;
  int form = 0;
  while (form < FORMS && regexec(&compiled[form], option, 0, NULL, 0) != 0)
    form++;
  return form;
}

/* What must come of the options: the value of each, or that they are refused. */
static bool is_right(int argc, const char **argv, const char *given[FORMS]) {
  int modes = 0;

  for (int i = 0; i < argc; i++) {
    const int form = form_of(argv[i]);
    if (form == FORMS || given[form] != NULL)
      return false;
    given[form] = strchr(argv[i], '=') != NULL ? strchr(argv[i], '=') + 1 : argv[i];
    modes += form <= MODE_EXEC;
  }
  return modes <= 1 && (given[MODE_EXEC] != NULL ? given[SOCKET] == NULL : given[HELPER] == NULL && given[CONFIG] == NULL);
}

static bool is(const char *value, const char *given, const char *fallback) {
  return strcmp(value, given != NULL ? given : fallback) == 0;
}

static void check(int argc, const char **argv) {
  const char *given[FORMS] = {NULL};
  struct options out, before;
  struct reply why = {0};

  memset(&before, 0xa5, sizeof before);
  memcpy(&out, &before, sizeof out);
  const int rc = options_parse(argc, argv, &out, &why);
  expect(rc == 0 || rc == -EINVAL, "the result is 0 or -EINVAL");
  expect((rc == 0) == is_right(argc, argv, given), "right options are taken, and no others");
  if (rc < 0) {
    struct reply again;
    expect(memcmp(&out, &before, sizeof out) == 0, "what is refused leaves no trace");
    expect(why.outcome == OUTCOME_MISCONFIGURED, "a refusal says so");
    expect(strncmp(why.line, "unavailable ERR_CONFIG_INVALID module option ", 45) == 0, "a refusal names the option");
    expect(reply_parse(why.line, strlen(why.line), false, &again) == 0, "a refusal is a reply");
    return;
  }
  expect(out.exec == (given[MODE_EXEC] != NULL) && out.debug == (given[DEBUG] != NULL), "mode and debug are as given");
  expect(is(out.socket, given[SOCKET], "/run/pgtoken/pgtoken.sock"), "the socket is as given");
  expect(is(out.helper, given[HELPER], "/usr/bin/pgtoken"), "the helper is as given");
  expect(is(out.config, given[CONFIG], "/etc/pgtoken/issuers.yaml"), "the configuration is as given");
  expect(out.timeout == (given[TIMEOUT] != NULL ? atoi(given[TIMEOUT]) : 5), "the timeout is as given");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *options[ARGS];
  const char *argv[ARGS];
  int argc = 0;

  for (size_t from = 0; from < size && argc < ARGS; argc++) {
    const uint8_t *end = memchr(data + from, '\n', size - from);
    const size_t len = end != NULL ? (size_t)(end - data) - from : size - from;
    /* Each in memory of its own, so that reading beyond it is found. */
    options[argc] = strndup((const char *)data + from, len);
    argv[argc] = options[argc];
    from += len + 1;
  }
  check(argc, argv);
  while (argc > 0)
    free(options[--argc]);
  return 0;
}
