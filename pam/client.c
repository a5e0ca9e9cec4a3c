/*
 * The side of docs/understand/protocol.md that asks: the PAM module, and the OAuth validator in ../oauth. Rules: the token goes
 * from the caller's memory straight into the socket; only a whole, well-formed "granted", from a daemon that has taken the whole
 * request and then closed, is a grant; when the daemon closes before the first byte of a reply it is asked again, because
 * asking twice decides the same.
 */
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define TRIES 3
#define PAUSE_MS 50
#define UNREAD_MS 20
#define UNREADABLE "unavailable ERR_PROTOCOL " /* how a daemon answers to a version that it does not know */

/* What helps where no daemon runs; the validator, which has no mode=exec, says less. */
#ifndef ADVICE_NO_DAEMON
#define ADVICE_NO_DAEMON "Start pgtoken.socket, or set mode=exec."
#endif

static const struct failure failures[] = {
  {ETIMEDOUT, "ERR_DEADLINE", "no answer in time from the daemon at", ""},
  {EPROTO, "ERR_PROTOCOL", "garbled reply from the daemon at", ""},
  {ECONNRESET, "ERR_DAEMON_UNREACHABLE", "3 connections closed without a reply by the daemon at",
   ". HINT: Read its log."},
  {EACCES, "ERR_DAEMON_UNREACHABLE", "no permission to connect to",
   ". HINT: Join the socket's group, and restart the server."},
  {ENOENT, "ERR_DAEMON_UNREACHABLE", "no daemon at",
   ": No such file or directory. HINT: " ADVICE_NO_DAEMON},
  {ECONNREFUSED, "ERR_DAEMON_UNREACHABLE", "no daemon at",
   ": Connection refused. HINT: " ADVICE_NO_DAEMON},
  {0, "ERR_DAEMON_UNREACHABLE", "cannot ask the daemon at", ": "},
};

/* Returns the address of a path, which the caller has found to fit. */
static struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};

  memcpy(address.sun_path, path, strlen(path) + 1);
  return address;
}

/*
 * Sends the whole request, head and token at once where the socket has room, so that the daemon is woken once. Returns 0,
 * -ETIMEDOUT, -EPIPE or -ECONNRESET when the daemon has closed, or -errno.
 */
static int send_request(int fd, const struct request *req, deadline_t deadline) {
  struct pollfd writable = {.fd = fd, .events = POLLOUT};
  const char *version = req->database != NULL ? PROTOCOL_MAGIC_3 : req->pid > 0 ? PROTOCOL_MAGIC_2 : PROTOCOL_MAGIC_1;
  char head[HEAD_MAX];
  int rc, len = snprintf(head, sizeof head, "%s%cPAM_SERVICE=%s%cPAM_USER=%s%c", version, 0, req->service, 0, req->user, 0);

  if (req->pid > 0)
    len += snprintf(head + len, sizeof head - (size_t)len, "PID=%d%c", req->pid, 0);
  if (req->database != NULL)
    len += snprintf(head + len, sizeof head - (size_t)len, "DATABASE=%s%c", req->database, 0);
  if (req->database != NULL)
    len += snprintf(head + len, sizeof head - (size_t)len, "TRANSPORT=%s%c", req->transport, 0);
  if (req->rhost != NULL)
    len += snprintf(head + len, sizeof head - (size_t)len, "PAM_RHOST=%s%c", req->rhost, 0);
  head[len++] = '\0';
  struct iovec parts[] = {{head, (size_t)len}, {(char *)req->token, strlen(req->token) + 1}};
  while ((rc = send_some(fd, parts, 2)) == -EAGAIN && (rc = wait_ready(&writable, 1, deadline, -1)) == 0)
    ;
  return rc;
}

/*
 * Reads until the daemon closes. Returns 0 and writes out, -ECONNRESET when it closed before a first byte, -EPROTO when
 * what came is not exactly one reply, -ETIMEDOUT, or -errno. A daemon may refuse before it has taken the whole request,
 * and its close then arrives as a reset; a grant needs the whole request sent, and a regular end of file.
 */
static int read_reply(int fd, bool sent, bool with_subject, deadline_t deadline, struct reply *out) {
  /*
   * At first for the end alone: a daemon writes and closes at once, which then wakes this process once and not twice. Not
   * for long, as one that has more to write than the socket takes, or never closes, is waiting to be read.
   */
  struct pollfd answered = {.fd = fd, .events = POLLRDHUP};
  int at_most = UNREAD_MS;
  char text[REPLY_MAX + 2]; /* the longest reply, its NUL, and one byte more: full is too long */
  struct reply reply;
  size_t len = 0;
  ssize_t got = -1;

  while (got != 0) {
    const int rc = wait_ready(&answered, 1, deadline, at_most);
    if (rc < 0)
      return rc;
    answered.events = POLLIN;
    at_most = -1;
    got = recv(fd, text + len, sizeof text - len, MSG_DONTWAIT);
    if (got < 0 && errno == ECONNRESET)
      break;
    if (got < 0 && errno != EINTR && errno != EAGAIN)
      return -errno;
    len += got > 0 ? (size_t)got : 0;
    if (len == sizeof text)
      return -EPROTO;
  }
  if (len == 0)
    return -ECONNRESET;
  if (text[len - 1] != '\0' || reply_parse(text, len - 1, with_subject, &reply) < 0 ||
      (reply.outcome == OUTCOME_GRANTED && !(sent && got == 0)))
    return -EPROTO;
  *out = reply;
  return 0;
}

/* Asks once, over a connection. Returns 0 and writes out, or -errno. */
static int ask_over(int fd, const struct request *req, deadline_t deadline, struct reply *out) {
  const int rc = send_request(fd, req, deadline);

  const bool is_over = rc < 0 && rc != -EPIPE && rc != -ECONNRESET;
  return is_over ? rc : read_reply(fd, rc == 0, req->database != NULL, deadline, out);
}

/* Connects and asks once. Returns 0 and writes out, or -errno. Sets *reached when there was a daemon to connect to. */
static int ask_once(const char *path, const struct request *req, deadline_t deadline, bool *reached,
                    struct reply *out) {
  __attribute__((cleanup(close_fd))) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -errno;
  const struct sockaddr_un address = address_of(path);
  const int rc = connect_to(fd, &address, deadline);
  if (rc < 0)
    return rc;
  *reached = true;
  return ask_over(fd, req, deadline, out);
}

/*
 * Connects ahead of the question, so that the daemon is awake when it comes. Returns a descriptor that the caller
 * closes, or -1 where that does not succeed at once; nothing is lost then, as client_ask connects by itself.
 */
int client_call(const char *path) {
  const struct sockaddr_un address = address_of(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
    close_fd(&fd);
  return fd;
}

/*
 * Asks the daemon in one version, first over what client_call gave. Always writes an answer, at the latest at the deadline.
 * Returns whether it is the daemon's.
 */
static bool ask(int called, const char *path, const struct request *req, deadline_t deadline, struct reply *out) {
  bool reached = called >= 0;
  int rc = reached ? ask_over(called, req, deadline, out) : -ECONNRESET;

  /* That was no try: a daemon does not wait for a question for ever. */
  if (rc == -ECONNRESET)
    rc = ask_once(path, req, deadline, &reached, out);
  /* Once reached, an absent daemon is one that is being restarted. */
  for (int n = 1; n < TRIES && reached && (rc == -ECONNRESET || rc == -ECONNREFUSED || rc == -ENOENT); n++) {
    if ((rc = wait_ready(NULL, 0, deadline, PAUSE_MS)) == 0)
      rc = ask_once(path, req, deadline, &reached, out);
  }
  if (rc < 0)
    reply_failure(out, failures, -rc, path);
  return rc == 0;
}

/*
 * Asks the daemon at path, which fits into an address, first over what client_call gave or -1. Always writes an answer, at the
 * latest at the deadline. A daemon of an older package, in the middle of an upgrade, cannot read a request of version 2 and says
 * so: it is asked in version 1. Before version 3 there was no validator: what such a daemon says to it is the answer.
 */
void client_ask(int called, const char *path, const struct request *req, deadline_t deadline, struct reply *out) {
  struct request first = *req;

  first.pid = 0;
  if (ask(called, path, req, deadline, out) && req->pid > 0 && req->database == NULL &&
      strncmp(out->line, UNREADABLE, sizeof UNREADABLE - 1) == 0)
    ask(-1, path, &first, deadline, out);
}
