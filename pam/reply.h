/*
 * An answer, and the words it is told in. The reply of the daemon and the reason line of the helper are the same text:
 * "granted", "denied CODE message" or "unavailable CODE message". What is not exactly that is no answer.
 */
#pragma once

#include "protocol.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory must never read as a grant. */
enum outcome { OUTCOME_UNAVAILABLE = 0, OUTCOME_DENIED, OUTCOME_MISCONFIGURED, OUTCOME_GRANTED };

struct reply {
  enum outcome outcome;
  char line[REPLY_MAX + 1]; /* the whole text, printable UTF-8 */
};

/*
 * How to tell one errno value: "unavailable CODE before PATHafter". A table of them ends with one of err 0: it stands
 * for all other values, and the text of errno follows it.
 */
struct failure {
  int err;
  const char *code, *before, *after;
};

int reply_parse(const char *text, size_t len, bool with_subject, struct reply *out);
const char *reply_subject(const struct reply *reply);
bool request_fits(const struct request *req, struct reply *why);
__attribute__((format(printf, 4, 5)))
void reply_refuse(struct reply *out, enum outcome outcome, const char *code, const char *format, ...);
void reply_failure(struct reply *out, const struct failure *table, int err, const char *path);
void copy_printable(char *out, size_t size, const char *text);
