/*
 * What the module and the daemon agree on: the numbers of docs/understand/protocol.md, and the question itself.
 * Rule: nothing here changes without that document and test/vectors/protocol.
 */
#pragma once

#include <sys/types.h>

#define PROTOCOL_MAGIC_1 "pgtoken/1" /* what a PAM module of 0.1 asks */
#define PROTOCOL_MAGIC_2 "pgtoken/2" /* what the PAM module asks */
#define PROTOCOL_MAGIC_3 "pgtoken/3" /* what the OAuth validator asks */
#define REQUEST_MAX (128 * 1024) /* bytes of a whole request */
#define TOKEN_MAX 65535          /* bytes of a token, without its NUL */
#define FIELD_MAX 1023           /* bytes of the value of PAM_SERVICE, PAM_USER, DATABASE or PAM_RHOST */
#define REPLY_MAX 511            /* bytes of a reply, without its NUL; PAM_ERROR_MSG has the same limit */

/* All but the token and its NUL. */
#define HEAD_MAX \
  (sizeof PROTOCOL_MAGIC_3 + 4 * (sizeof "PAM_SERVICE=" + FIELD_MAX) + sizeof "PID=2147483647" + \
   sizeof "TRANSPORT=plain" + 1)
_Static_assert(HEAD_MAX + TOKEN_MAX + 1 <= REQUEST_MAX, "what keeps to the other limits keeps to this one");

/*
 * One question. The strings are the caller's and outlive it; the token is never copied. rhost may be NULL. pid is the process
 * that is logged in to, or 0 where the question is asked in version 1, which does not tell it. database and transport ("tls",
 * "gss", "unix" or "plain") make it one of version 3; PAM knows neither, and both are NULL there.
 */
struct request {
  const char *service, *user, *rhost, *token, *database, *transport;
  pid_t pid;
};
