/*
 * Runs "HELPER pam --config CONFIG --timeout NNNNms". Its exit status is the verdict: 0 granted, 1 denied, 2 cannot
 * decide; the first line on its standard error is the reason. Rules: only a regular exit with status 0, after reading
 * the whole token, is a grant; the helper inherits nothing but what is spelt out here; when we return it has been
 * reaped, and whatever else is in its process group killed.
 */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STDERR_MAX (1024 * 1024) /* beyond this many bytes a helper is broken rather than talkative */
#define LOOK_MS 10               /* how often to look after the helper on a kernel without pidfd */
#define REAP_MS 500              /* how long after SIGKILL to wait for its end */

static const struct failure failures[] = {
  {ETIMEDOUT, "ERR_DEADLINE", "no answer in time from", ""},
  {EMSGSIZE, "ERR_PROTOCOL", "more than 1 MiB of messages from", ""},
  {ECHILD, "ERR_HELPER_FAILED", "the application ignores SIGCHLD or reaps what is not its own: no exit status from",
   ". HINT: Use mode=daemon."},
  {0, "ERR_HELPER_FAILED", "cannot run", ": "},
};

/* Standard input is a socket because writing to it must not raise SIGPIPE. EXIT is a pidfd, or -1 without those. */
enum { IN, THEIR_IN, ERR, THEIR_ERR, EXIT, FDS };

struct helper {
  pid_t pid;
  int fds[FDS];
  size_t seen;              /* bytes of its standard error */
  char line[REPLY_MAX + 1]; /* the start of them: the longest reason and its newline */
};

/* Closes what we hold of a helper. */
static void close_helper(struct helper *helper) {
  for (int i = 0; i < FDS; i++)
    close_fd(&helper->fds[i]);
}

/* Starts the helper. Returns 0, after which the caller must finish it, or -errno, that of the execve included. */
static int start(const struct options *opt, const struct request *req, deadline_t deadline, struct helper *helper) {
  char service[sizeof "PAM_SERVICE=" + FIELD_MAX], user[sizeof "PAM_USER=" + FIELD_MAX];
  char rhost[sizeof "PAM_RHOST=" + FIELD_MAX], timeout[32];
  char *argv[] = {(char *)opt->helper, "pam", "--config", (char *)opt->config, "--timeout", timeout, NULL};
  char *env[] = {
      "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "PAM_TYPE=auth", service, user, req->rhost != NULL ? rhost : NULL, NULL};
  const short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attr;
  sigset_t none, all;
  int rc, *fds = helper->fds;

  snprintf(service, sizeof service, "PAM_SERVICE=%s", req->service);
  snprintf(user, sizeof user, "PAM_USER=%s", req->user);
  snprintf(rhost, sizeof rhost, "PAM_RHOST=%s", req->rhost != NULL ? req->rhost : "");
  /* A tenth is kept for its start and end, so that being late is the helper's own, better told refusal. */
  snprintf(timeout, sizeof timeout, "%dms", deadline_left(deadline) * 9 / 10);

  /* The fourth descriptor is 3 or above even where 0, 1 and 2 were closed: the first dup2 cannot overwrite it. */
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, &fds[IN]) < 0 || pipe2(&fds[ERR], O_CLOEXEC) < 0)
    return -errno;
  if (fds[THEIR_ERR] <= STDERR_FILENO) /* unless another thread is closing them right now */
    return -EBADF;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawn_file_actions_init(&files); /* like the next, cannot fail: it clears the structure */
  posix_spawnattr_init(&attr);
  (void)((rc = posix_spawn_file_actions_adddup2(&files, fds[THEIR_IN], STDIN_FILENO)) ||
         (rc = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)) ||
         (rc = posix_spawn_file_actions_adddup2(&files, fds[THEIR_ERR], STDERR_FILENO)) ||
         (rc = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1)) ||
         (rc = posix_spawn_file_actions_addchdir_np(&files, "/")) ||
         (rc = posix_spawnattr_setsigmask(&attr, &none)) || (rc = posix_spawnattr_setsigdefault(&attr, &all)) ||
         (rc = posix_spawnattr_setpgroup(&attr, 0)) || (rc = posix_spawnattr_setflags(&attr, flags)) ||
         (rc = posix_spawn(&helper->pid, opt->helper, &files, &attr, argv, env)));
  posix_spawnattr_destroy(&attr);
  posix_spawn_file_actions_destroy(&files);
  close_fd(&fds[THEIR_IN]);
  close_fd(&fds[THEIR_ERR]);
  if (rc == 0)
    fds[EXIT] = (int)syscall(SYS_pidfd_open, helper->pid, 0);
  return -rc;
}

/* Returns 0 and writes info when the helper has ended, -EAGAIN while it runs, -ECHILD when its status is lost. */
static int look(const struct helper *helper, int flags, siginfo_t *info) {
  info->si_pid = 0;
  while (waitid(P_PID, (id_t)helper->pid, info, WEXITED | WNOHANG | flags) < 0)
    if (errno != EINTR)
      return -errno;
  return info->si_pid == helper->pid ? 0 : -EAGAIN;
}

/* Reads once from standard error and keeps the start. Returns 0, -EPIPE at its end, -EMSGSIZE beyond STDERR_MAX. */
static int listen_once(struct helper *helper) {
  char scrap[4096];
  const size_t seen = helper->seen, room = seen < sizeof helper->line ? sizeof helper->line - seen : 0;
  const ssize_t got = read(helper->fds[ERR], room > 0 ? helper->line + seen : scrap, room > 0 ? room : sizeof scrap);

  if (got <= 0)
    return got == 0 ? -EPIPE : -errno;
  helper->seen += (size_t)got;
  return helper->seen > STDERR_MAX ? -EMSGSIZE : 0;
}

/*
 * Gives the helper its token and listens until it ends. Returns 0 when it has ended and is to be reaped, and writes
 * *fed: it has read the whole token. Returns -ECHILD when its exit status is lost, -ETIMEDOUT, -EMSGSIZE, or -errno.
 */
static int attend(struct helper *helper, const struct request *req, deadline_t deadline, bool *fed) {
  struct iovec token = {(char *)req->token, strlen(req->token) + 1};
  struct pollfd fds[] = {
      {.fd = helper->fds[IN], .events = POLLOUT},
      {.fd = helper->fds[ERR], .events = POLLIN},
      {.fd = helper->fds[EXIT], .events = POLLIN},
  };
  siginfo_t info;
  int rc;

  while ((rc = look(helper, WNOWAIT, &info)) < 0) {
    if (rc != -EAGAIN || (rc = wait_ready(fds, 3, deadline, helper->fds[EXIT] < 0 ? LOOK_MS : -1)) < 0)
      return rc;
    if (fds[0].revents != 0 && send_some(fds[0].fd, &token, 1) != -EAGAIN) {
      shutdown(fds[0].fd, SHUT_WR); /* all is sent, or the helper does not want it */
      fds[0].fd = -1;               /* poll passes over it */
    }
    if (fds[1].revents != 0 && (rc = listen_once(helper)) < 0) {
      if (rc != -EPIPE)
        return rc;
      fds[1].fd = -1;
    }
  }
  /* A grandchild may hold standard error open: take what is there, and never wait for its end. */
  while (helper->seen < sizeof helper->line && poll(&fds[1], 1, 0) > 0 && listen_once(helper) == 0)
    ;
  /* What nobody has read still lies in the socket, or was dropped there; the kernel marks that a reset beforehand. */
  int unread, reset;
  *fed = token.iov_len == 0 && ioctl(helper->fds[IN], SIOCOUTQ, &unread) == 0 && unread == 0 &&
         getsockopt(helper->fds[IN], SOL_SOCKET, SO_ERROR, &reset, &(socklen_t){sizeof reset}) == 0 && reset == 0;
  return 0;
}

/* Kills what is left of the helper's group and reaps the helper. Returns 0 and writes info, or -errno. */
static int finish(const struct helper *helper, siginfo_t *info) {
  const deadline_t deadline = deadline_in(REAP_MS);
  int rc;

  kill(-helper->pid, SIGKILL); /* not reaped yet, so that its number cannot belong to anybody else */
  while ((rc = look(helper, 0, info)) == -EAGAIN && wait_ready(NULL, 0, deadline, 1) == 0)
    ;
  return rc;
}

/* Turns how the helper ended, and the first line it wrote, into an answer. */
static void judge(const char *path, struct helper *helper, const siginfo_t *info, bool fed, struct reply *out) {
  const size_t kept = helper->seen < sizeof helper->line ? helper->seen : sizeof helper->line;
  const char *newline = memchr(helper->line, '\n', kept);
  const size_t len = newline != NULL ? (size_t)(newline - helper->line) : kept;
  const int status = info->si_status;
  struct reply reason = {.outcome = OUTCOME_GRANTED}; /* which is no reason for anything */

  if (len <= REPLY_MAX) {
    helper->line[len] = '\0';
    (void)reply_parse(helper->line, len, false, &reason);
  }
  if (info->si_code != CLD_EXITED)
    reply_refuse(out, OUTCOME_UNAVAILABLE, "ERR_HELPER_FAILED", "signal %d killed %s", status, path);
  else if (status == 0 && fed)
    out->outcome = OUTCOME_GRANTED;
  else if (status == 0)
    reply_refuse(out, OUTCOME_UNAVAILABLE, "ERR_PROTOCOL", "exit status 0, but the token not read, from %s", path);
  else if (reason.outcome == (status == 1 ? OUTCOME_DENIED : OUTCOME_UNAVAILABLE) && status <= 2)
    *out = reason;
  else
    reply_refuse(out, status == 1 ? OUTCOME_DENIED : OUTCOME_UNAVAILABLE, "ERR_PROTOCOL",
                 "exit status %d without a matching reason from %s. HINT: Run it by hand.", status, path);
}

/* Asks a helper. Always writes an answer, at the latest REAP_MS after the deadline. */
void helper_ask(const struct options *opt, const struct request *req, deadline_t deadline, struct reply *out) {
  __attribute__((cleanup(close_helper))) struct helper helper = {.fds = {-1, -1, -1, -1, -1}};
  siginfo_t info;
  bool fed = false;
  int rc = start(opt, req, deadline, &helper);

  if (rc == 0 && (rc = attend(&helper, req, deadline, &fed)) != -ECHILD) {
    const int reaped = finish(&helper, &info);
    rc = rc < 0 ? rc : reaped;
  }
  if (rc == 0)
    judge(opt->helper, &helper, &info, fed, out);
  else
    reply_failure(out, failures, -rc, opt->helper);
}
