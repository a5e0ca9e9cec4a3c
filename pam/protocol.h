/*
 * What the module and the daemon agree on: the numbers of docs/understand/protocol.md, and the question itself.
 * Rule: nothing here changes without that document and test/vectors/protocol.
 */
#pragma once

#include <sys/types.h>

#define PROTOCOL_MAGIC "pgtoken/2"
#define PROTOCOL_MAGIC_1 "pgtoken/1"
#define REQUEST_MAX (128 * 1024) /* bytes of a whole request */
#define TOKEN_MAX 65535          /* bytes of a token, without its NUL */
#define FIELD_MAX 1023           /* bytes of the value of PAM_SERVICE, PAM_USER or PAM_RHOST */
#define REPLY_MAX 511            /* bytes of a reply, without its NUL; PAM_ERROR_MSG has the same limit */

/* All but the token and its NUL. */
#define HEAD_MAX (sizeof PROTOCOL_MAGIC + 3 * (sizeof "PAM_SERVICE=" + FIELD_MAX) + sizeof "PID=2147483647" + 1)
_Static_assert(HEAD_MAX + TOKEN_MAX + 1 <= REQUEST_MAX, "what keeps to the other limits keeps to this one");

/*
 * One question. The strings are libpam's and outlive it; the token is never copied. rhost may be NULL. pid is the process
 * that is logged in to, or 0 where the question is asked in version 1, which does not tell it.
 */
struct request {
  const char *service, *user, *rhost, *token;
  pid_t pid;
};
