/*
 * Fuzzes the reply parser and what cleans text for a log, against a second opinion that is written in another way: a regular
 * expression for the form, and for UTF-8 that decoding and encoding again yields the same bytes.
 */
#include "reply.h"

#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "not so: %s\n", what);
  abort();
}

/* Writes a code point as UTF-8. Returns its length. */
static size_t encode(uint32_t c, unsigned char *out) {
  const size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

  for (size_t i = len; i > 1; i--, c >>= 6)
    out[i - 1] = (unsigned char)(0x80 | (c & 0x3f));
  out[0] = (unsigned char)(lead[len] | c);
  return len;
}

/* Whether text is UTF-8 and all of it printable. */
static bool is_printable(const char *text) {
  const unsigned char *s = (const unsigned char *)text;

  while (*s != '\0') {
    const size_t len = *s < 0x80 ? 1 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;
    uint32_t c = len == 1 ? *s : *s & (0xffu >> (len + 1));
    unsigned char again[4];
    for (size_t i = 1; i < len; i++) {
      if (s[i] == '\0')
        return false;
      c = c << 6 | (s[i] & 0x3f);
    }
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c < 0x20 || (c >= 0x7f && c < 0xa0))
      return false;
    if (encode(c, again) != len || memcmp(again, s, len) != 0)
      return false;
    s += len;
  }
  return true;
}

/* Whether text is a reply; with_subject: one of version 3, where a grant may name a subject in ASCII. */
static bool is_reply(const char *text, size_t len, bool with_subject) {
  static regex_t forms[2];
  static bool compiled;

  if (!compiled)
    compiled = regcomp(&forms[0], "^(granted|(denied|unavailable) ERR_[A-Z_]{1,60} .+)$", REG_EXTENDED | REG_NOSUB) == 0 &&
               regcomp(&forms[1], "^(granted( [ -~]+)?|(denied|unavailable) ERR_[A-Z_]{1,60} .+)$",
                       REG_EXTENDED | REG_NOSUB) == 0;
  expect(compiled, "the expressions compile");
  return len <= 511 && strlen(text) == len && is_printable(text) && regexec(&forms[with_subject], text, 0, NULL, 0) == 0;
}

static void check_parse(const char *text, size_t len, bool with_subject) {
  struct reply out, before;

  memset(&before, 0xa5, sizeof before);
  out = before;
  const int rc = reply_parse(text, len, with_subject, &out);
  expect(rc == 0 || rc == -EPROTO, "the result is 0 or -EPROTO");
  expect((rc == 0) == is_reply(text, len, with_subject), "what is taken is a reply, and what is not taken is none");
  if (rc < 0) {
    expect(memcmp(&out, &before, sizeof out) == 0, "what is refused leaves no trace");
    return;
  }
  expect(strcmp(out.line, text) == 0, "the line is the text");
  expect((out.outcome == OUTCOME_GRANTED) == (text[0] == 'g'), "only granted is a grant");
  const char *subject = reply_subject(&out);
  expect(strcmp(subject, text[0] == 'g' && len > 7 ? text + 8 : "") == 0, "the subject is what follows in a grant");
  expect(out.outcome == OUTCOME_GRANTED || out.outcome == (text[0] == 'd' ? OUTCOME_DENIED : OUTCOME_UNAVAILABLE),
         "the outcome is the first word");
}

/* Cleans text into room of just that size. */
static void check_copy(const char *text, size_t size) {
  char *out = malloc(size), *again = malloc(size);

  copy_printable(out, size, text);
  expect(strlen(out) < size, "the copy fits");
  expect(is_printable(out), "the copy is printable");
  copy_printable(again, size, out);
  expect(strcmp(out, again) == 0, "a copy of the copy is the same");
  if (is_printable(text))
    expect(strncmp(text, out, strlen(out)) == 0, "what is printable stays as it is");
  expect(strlen(out) + 4 >= size || strlen(out) == strlen(text), "nothing is cut without need");
  free(out);
  free(again);
}

static void check_refuse(const char *text) {
  struct reply reply;

  reply_refuse(&reply, OUTCOME_UNAVAILABLE, "ERR_INTERNAL", "%s", text);
  expect(reply.outcome == OUTCOME_UNAVAILABLE, "a refusal is none but a refusal");
  expect(is_printable(reply.line) && strlen(reply.line) <= REPLY_MAX, "a refusal is printable, and not too long");
  expect(text[0] == '\0' || is_reply(reply.line, strlen(reply.line), false), "a refusal is a reply");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  /* Just as large as it has to be, so that reading beyond it is found. */
  char *text = malloc(size + 1);

  if (size > 0)
    memcpy(text, data, size);
  text[size] = '\0';
  check_parse(text, size, false);
  check_parse(text, size, true);
  check_copy(text, 1 + size % 37);
  check_copy(text, REPLY_MAX + 1);
  check_refuse(text);
  free(text);
  return 0;
}
