/*
 * Reading, writing and cleaning reply lines, and the limits of a request. Rule: what came from elsewhere is exactly in the format or refused (a
 * reply), or it loses its control characters and broken UTF-8 (a name from the network on its way to a log).
 */
#include "reply.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * Returns the size, 1 to 4 bytes, of the printable character at the start of text. Returns 0 at the end of text, at a
 * control character (C0, DEL, C1) and at what is not UTF-8 by RFC 3629 (overlong, surrogate, beyond U+10FFFF, cut off).
 */
static size_t printable(const char *text) {
  static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000};
  const unsigned char *s = (const unsigned char *)text;

  if (s[0] < 0x80)
    return s[0] >= 0x20 && s[0] != 0x7f;
  if (s[0] < 0xc2 || s[0] > 0xf4)
    return 0;
  const size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
  uint32_t c = s[0] & (0x7fu >> len);
  for (size_t i = 1; i < len; i++) {
    if ((s[i] & 0xc0) != 0x80) /* the terminating NUL ends here as well */
      return 0;
    c = c << 6 | (s[i] & 0x3f);
  }
  return c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : len;
}

/* Copies text into out, whole characters and at most size - 1 bytes; each byte that is not printable becomes '?'. */
void copy_printable(char *out, size_t size, const char *text) {
  while (*text != '\0') {
    const size_t len = printable(text), step = len > 0 ? len : 1;
    if (step >= size)
      break;
    memcpy(out, len > 0 ? text : "?", step);
    out += step, text += step, size -= step;
  }
  *out = '\0';
}

#define GRANTED_TO "granted " /* and the subject of the token */

/* Returns the subject in a grant that names one in printable ASCII, and "" for any other text. */
static const char *subject_in(const char *text) {
  const char *subject = strncmp(text, GRANTED_TO, sizeof GRANTED_TO - 1) == 0 ? text + sizeof GRANTED_TO - 1 : "";
  size_t len = 0;
  while (subject[len] >= 0x20 && subject[len] <= 0x7e)
    len++;
  return subject[len] == '\0' ? subject : "";
}

/* Returns the subject that a grant names, which reply owns; "" when it names none. */
const char *reply_subject(const struct reply *reply) {
  return reply->outcome == OUTCOME_GRANTED ? subject_in(reply->line) : "";
}

/*
 * Reads the len bytes of text, which a NUL must follow. Returns 0 and writes out, or -EPROTO when text is not exactly
 * one of the three forms: code ERR_ and 1 to 60 of A-Z and _, one space between the parts, a message that is not empty.
 * A grant may name the subject of the token where with_subject is set: from version 3 on.
 */
int reply_parse(const char *text, size_t len, bool with_subject, struct reply *out) {
  enum outcome outcome = OUTCOME_GRANTED;

  if (len > REPLY_MAX)
    return -EPROTO;
  for (size_t at = 0, step; at < len; at += step)
    if ((step = printable(text + at)) == 0)
      return -EPROTO;
  if (strcmp(text, "granted") != 0 && !(with_subject && subject_in(text)[0] != '\0')) {
    outcome = strncmp(text, "denied ", 7) == 0 ? OUTCOME_DENIED : OUTCOME_UNAVAILABLE;
    if (outcome == OUTCOME_UNAVAILABLE && strncmp(text, "unavailable ", 12) != 0)
      return -EPROTO;
    const char *code = strchr(text, ' ') + 1;
    const size_t rest = strncmp(code, "ERR_", 4) == 0 ? strspn(code + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") : 0;
    if (rest < 1 || rest > 60 || code[4 + rest] != ' ' || code[5 + rest] == '\0')
      return -EPROTO;
  }
  out->outcome = outcome;
  memcpy(out->line, text, len + 1);
  return 0;
}

/* Returns whether req keeps to the limits of the protocol; if it does not, writes the refusal. */
bool request_fits(const struct request *req, struct reply *why) {
  const size_t token = strlen(req->token), rhost = req->rhost != NULL ? strlen(req->rhost) : 0;

  if (token > TOKEN_MAX)
    reply_refuse(why, OUTCOME_DENIED, "ERR_TOKEN_TOO_LARGE", "the token has %zu bytes, %d are allowed", token,
                 TOKEN_MAX);
  else if (strlen(req->service) > FIELD_MAX || strlen(req->user) > FIELD_MAX || rhost > FIELD_MAX)
    reply_refuse(why, OUTCOME_UNAVAILABLE, "ERR_PROTOCOL", "PAM_SERVICE, PAM_USER or PAM_RHOST has more than %d bytes",
                 FIELD_MAX);
  else if (req->database != NULL && strlen(req->database) > FIELD_MAX)
    reply_refuse(why, OUTCOME_UNAVAILABLE, "ERR_PROTOCOL", "DATABASE has more than %d bytes", FIELD_MAX);
  else
    return true;
  return false;
}

/* Writes a refusal of our own, cut to REPLY_MAX bytes. outcome is any but OUTCOME_GRANTED. */
void reply_refuse(struct reply *out, enum outcome outcome, const char *code, const char *format, ...) {
  char text[2 * REPLY_MAX];
  const int at = snprintf(text, sizeof text, "%s %s ", outcome == OUTCOME_DENIED ? "denied" : "unavailable", code);
  va_list args;

  va_start(args, format);
  vsnprintf(text + at, sizeof text - (size_t)at, format, args);
  va_end(args);
  out->outcome = outcome;
  copy_printable(out->line, sizeof out->line, text);
}

/* Writes the refusal that table has for err. The text of errno is never in the application's locale. */
void reply_failure(struct reply *out, const struct failure *table, int err, const char *path) {
  const char *text = strerrordesc_np(err) != NULL ? strerrordesc_np(err) : "unknown error";

  while (table->err != 0 && table->err != err)
    table++;
  reply_refuse(out, OUTCOME_UNAVAILABLE, table->code, "%s %s%s%s", table->before, path, table->after,
               table->err != 0 ? "" : text);
}
