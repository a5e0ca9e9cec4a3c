/*
 * A PAM application for tests: does what the script on its standard input says, line by line, and writes one JSON line
 * for each step that has a result. Script values are hex, so that any byte can stand in them; so is text in results.
 *
 * Some functions are defined here and exported (-rdynamic), so that the module finds them before the real ones:
 * pam_syslog, so that its log lines come to us instead of syslog; sendmsg, which takes at most N bytes at a time after
 * "chop N", and only the first part of a request after "break-pipe"; poll, whose mere pauses take N times as long after
 * "stretch N"; pam_set_data, which has no memory after "no-memory"; getpid, which says N after "pid N".
 */
#define _GNU_SOURCE
#include <security/pam_appl.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS 8
#define HANDLES 4

/* What one thread has been told during one step: JSON array elements. */
static __thread char messages[16384], logged[65536];
static FILE *results;
static size_t chop;
static int stretch = 1;
static bool broken_pipe;
static pid_t said_pid;
static const char *no_memory;

enum answer { ANSWER_TOKEN, ANSWER_NOTHING, ANSWER_NULL };

struct client {
  enum answer answer;
  char *token;
};

static void fail(const char *what) {
  fprintf(stderr, "pamrun: %s: %s\n", what, strerror(errno));
  exit(99);
}

static void append_hex(char *to, size_t size, const char *open, const char *text, const char *close) {
  size_t at = strlen(to);

  if (at + strlen(open) + 2 * strlen(text) + strlen(close) + 2 > size)
    fail("too much text");
  at += (size_t)sprintf(to + at, "%s%s", at > 0 ? "," : "", open);
  for (; *text != '\0'; text++)
    at += (size_t)sprintf(to + at, "%02x", (unsigned char)*text);
  strcpy(to + at, close);
}

__attribute__((format(printf, 3, 4))) void pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...) {
  char text[8192], open[64];
  va_list args;

  (void)pamh;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  snprintf(open, sizeof open, "{\"priority\":%d,\"text\":\"", priority);
  append_hex(logged, sizeof logged, open, text, "\"}");
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  ssize_t (*next)(int, const struct msghdr *, int);
  const struct iovec *from = message->msg_iov;

  *(void **)&next = dlsym(RTLD_NEXT, "sendmsg");
  while (from->iov_len == 0 && from < message->msg_iov + message->msg_iovlen - 1)
    from++;
  if (broken_pipe && memcmp(from->iov_base, "pgtoken/", from->iov_len < 8 ? from->iov_len : 8) != 0) {
    errno = EPIPE;
    return -1;
  }
  const size_t most = broken_pipe ? 9 : chop;
  struct iovec piece = {from->iov_base, most < from->iov_len ? most : from->iov_len};
  const struct msghdr cut = {.msg_iov = &piece, .msg_iovlen = 1};
  return next(fd, most > 0 ? &cut : message, flags);
}

pid_t getpid(void) {
  return said_pid > 0 ? said_pid : (pid_t)syscall(SYS_getpid);
}

int poll(struct pollfd *fds, nfds_t count, int timeout) {
  int (*next)(struct pollfd *, nfds_t, int);

  *(void **)&next = dlsym(RTLD_NEXT, "poll");
  return next(fds, count, count == 0 ? timeout * stretch : timeout);
}

/* After "no-memory drop" it fails to drop data, after "no-memory keep" to keep some. */
int pam_set_data(pam_handle_t *pamh, const char *name, void *data, void (*cleanup)(pam_handle_t *, void *, int)) {
  int (*next)(pam_handle_t *, const char *, void *, void (*)(pam_handle_t *, void *, int));

  if (no_memory != NULL && strcmp(no_memory, data == NULL ? "drop" : "keep") == 0)
    return PAM_BUF_ERR;
  *(void **)&next = dlsym(RTLD_NEXT, "pam_set_data");
  return next(pamh, name, data, cleanup);
}

static int converse(int count, const struct pam_message **asked, struct pam_response **out, void *data) {
  const struct client *client = data;
  struct pam_response *answers = calloc((size_t)count, sizeof *answers);
  char open[64];

  for (int i = 0; i < count; i++) {
    if (asked[i]->msg_style == PAM_PROMPT_ECHO_OFF) {
      if (client->answer == ANSWER_NOTHING) {
        free(answers);
        return PAM_CONV_ERR;
      }
      answers[i].resp = client->answer == ANSWER_NULL ? NULL : strdup(client->token);
      continue;
    }
    snprintf(open, sizeof open, "{\"style\":%d,\"text\":\"", asked[i]->msg_style);
    append_hex(messages, sizeof messages, open, asked[i]->msg, "\"}");
  }
  *out = answers;
  return PAM_SUCCESS;
}

/* The names that the tests use. */
static const char *code_name(int code) {
  static const char *const names[] = {
      [PAM_SUCCESS] = "PAM_SUCCESS",
      [PAM_SERVICE_ERR] = "PAM_SERVICE_ERR",
      [PAM_SYSTEM_ERR] = "PAM_SYSTEM_ERR",
      [PAM_BUF_ERR] = "PAM_BUF_ERR",
      [PAM_PERM_DENIED] = "PAM_PERM_DENIED",
      [PAM_AUTH_ERR] = "PAM_AUTH_ERR",
      [PAM_AUTHINFO_UNAVAIL] = "PAM_AUTHINFO_UNAVAIL",
      [PAM_IGNORE] = "PAM_IGNORE",
      [PAM_ABORT] = "PAM_ABORT",
      [PAM_MODULE_UNKNOWN] = "PAM_MODULE_UNKNOWN",
  };
  const size_t count = sizeof names / sizeof *names;

  return code >= 0 && (size_t)code < count && names[code] != NULL ? names[code] : "unexpected";
}

static int call(const char *step, pam_handle_t *pamh, int flags) {
  if (strcmp(step, "auth") == 0)
    return pam_authenticate(pamh, flags);
  if (strcmp(step, "acct") == 0)
    return pam_acct_mgmt(pamh, flags);
  if (strcmp(step, "cred") == 0)
    return pam_setcred(pamh, flags | (int)PAM_ESTABLISH_CRED);
  errno = EINVAL;
  fail(step);
  return -1;
}

/* Calls libpam and writes what came of it. */
static void report_call(const char *step, pam_handle_t *pamh, int flags) {
  struct timespec from, to;

  messages[0] = logged[0] = '\0';
  clock_gettime(CLOCK_MONOTONIC, &from);
  const int code = call(step, pamh, flags);
  clock_gettime(CLOCK_MONOTONIC, &to);
  const long ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
  fprintf(results, "{\"step\":\"%s\",\"code\":\"%s\",\"ms\":%ld,\"messages\":[%s],\"log\":[%s]}\n", step,
          code_name(code), ms, messages, logged);
}

/* Writes everything of this process that a module must leave as it was. */
static void report_state(void) {
  char line[256], cwd[4096];
  FILE *status = fopen("/proc/self/status", "re");
  DIR *dir = opendir("/proc/self/fd");
  siginfo_t info = {0};
  int fds = 0;

  if (status == NULL || dir == NULL || getcwd(cwd, sizeof cwd) == NULL)
    fail("state");
  fprintf(results, "{\"step\":\"state\"");
  while (fgets(line, sizeof line, status) != NULL) {
    char name[64], value[64];
    if (sscanf(line, "%63[^:]: %63s", name, value) == 2 &&
        (strcmp(name, "Threads") == 0 || strcmp(name, "Umask") == 0 ||
         (strncmp(name, "Sig", 3) == 0 && strcmp(name, "SigQ") != 0)))
      fprintf(results, ",\"%s\":\"%s\"", name, value);
  }
  fclose(status);
  while (readdir(dir) != NULL)
    fds++;
  closedir(dir);
  const int children = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
  fprintf(results, ",\"cwd\":\"%s\",\"fds\":%d,\"children\":%s}\n", cwd, fds, children ? "true" : "false");
}

static void on_alarm(int signal) {
  (void)signal;
}

static void on_child(int signal) {
  const int saved = errno;

  (void)signal;
  while (waitpid(-1, NULL, WNOHANG) > 0)
    ;
  errno = saved;
}

static void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler}; /* no SA_RESTART: system calls see EINTR */

  if (sigaction(signal, &action, NULL) < 0)
    fail("sigaction");
}

/* From here on this process has no pidfd_open, as on an old kernel or in a strict container. */
static void forbid_pidfd(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};

  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
    fail("seccomp");
  if (syscall(SYS_pidfd_open, getpid(), 0) >= 0 || errno != ENOSYS)
    fail("pidfd_open is still there");
}

/* Listens at path with a backlog that is full: who connects has to wait. */
static void listen_without_room(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);

  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 0) < 0)
    fail(path);
  for (;;) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
      close(fd);
      if (errno != EAGAIN)
        fail("filling the backlog");
      return;
    }
  }
}

struct crowd {
  const char *confdir, *service, *user;
  struct client client;
  int calls, granted;
  char refused[4096];
};

static void *one_of_many(void *data) {
  struct crowd *crowd = data;
  const struct pam_conv conv = {converse, &crowd->client};
  pam_handle_t *pamh;

  for (int i = 0; i < crowd->calls; i++) {
    messages[0] = logged[0] = '\0';
    if (pam_start_confdir(crowd->service, crowd->user, &conv, crowd->confdir, &pamh) != PAM_SUCCESS)
      fail("pam_start_confdir");
    int code = pam_authenticate(pamh, 0);
    if (code == PAM_SUCCESS)
      code = pam_acct_mgmt(pamh, 0);
    crowd->granted += code == PAM_SUCCESS;
    if (code != PAM_SUCCESS)
      strcpy(crowd->refused, logged);
    pam_end(pamh, code);
  }
  return NULL;
}

/* Runs count threads, each with handles of its own, and writes how many of their logins were granted. */
static void report_threads(int count, const struct crowd *crowd) {
  pthread_t threads[64];
  static struct crowd crowds[64];
  int granted = 0;

  if (count > 64)
    fail("too many threads");
  for (int i = 0; i < count; i++) {
    crowds[i] = *crowd;
    if (pthread_create(&threads[i], NULL, one_of_many, &crowds[i]) != 0)
      fail("pthread_create");
  }
  for (int i = 0; i < count; i++) {
    pthread_join(threads[i], NULL);
    granted += crowds[i].granted;
  }
  fprintf(results, "{\"step\":\"threads\",\"granted\":%d,\"log\":[", granted);
  for (int i = 0, seen = 0; i < count; i++)
    if (crowds[i].refused[0] != '\0')
      fprintf(results, "%s%s", seen++ > 0 ? "," : "", crowds[i].refused);
  fprintf(results, "]}\n");
}

/* Turns hex into bytes, in place. */
static void unhex(char *text) {
  char *out = text;
  unsigned int byte;

  for (; sscanf(text, "%2x", &byte) == 1; text += 2)
    *out++ = (char)byte;
  *out = '\0';
}

int main(void) {
  struct client client = {ANSWER_TOKEN, strdup("")};
  const struct pam_conv conv = {converse, &client};
  pam_handle_t *handles[HANDLES] = {NULL};
  char *line = NULL, *confdir = NULL, script[1 << 20];
  size_t size = 0, used = 0;
  struct rlimit limit;
  int started = 0;

  /* The script is taken whole and results go far up, because the script may close 0, 1 and 2. */
  const int high = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
  if (high < 0 || (results = fdopen(high, "we")) == NULL || getrlimit(RLIMIT_NOFILE, &limit) < 0)
    fail("results");
  while ((size = fread(script + used, 1, sizeof script - used - 1, stdin)) > 0)
    used += size;
  script[used] = '\0';

  for (char *rest = script; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
    char *args[ARGS] = {NULL};
    const char *step = strsep(&line, " ");
    for (int i = 0; i < ARGS && line != NULL; i++) {
      args[i] = strsep(&line, " ");
      unhex(args[i]);
    }
    pam_handle_t *pamh = started > 0 ? handles[started - 1] : NULL;
    const int number = args[0] != NULL ? atoi(args[0]) : 0;

    if (strcmp(step, "confdir") == 0) {
      confdir = args[0];
    } else if (strcmp(step, "start") == 0) {
      if (started == HANDLES || pam_start_confdir(args[0], args[1], &conv, confdir, &handles[started++]) != PAM_SUCCESS)
        fail("pam_start_confdir");
    } else if (strcmp(step, "rhost") == 0) {
      pam_set_item(pamh, PAM_RHOST, args[0]);
    } else if (strcmp(step, "user") == 0) {
      pam_set_item(pamh, PAM_USER, args[0]);
    } else if (strcmp(step, "service") == 0) {
      pam_set_item(pamh, PAM_SERVICE, args[0]);
    } else if (strcmp(step, "token") == 0) {
      client.answer = ANSWER_TOKEN;
      free(client.token);
      client.token = strdup(args[0]);
    } else if (strcmp(step, "no-token") == 0) {
      client.answer = ANSWER_NOTHING;
    } else if (strcmp(step, "null-token") == 0) {
      client.answer = ANSWER_NULL;
    } else if (strcmp(step, "state") == 0) {
      report_state();
    } else if (strcmp(step, "close") == 0) {
      close(number);
    } else if (strcmp(step, "open-inheritable") == 0) {
      if (open("/dev/null", O_RDWR) < 0)
        fail("open");
    } else if (strcmp(step, "sigchld") == 0) {
      handle(SIGCHLD, strcmp(args[0], "ignore") == 0 ? SIG_IGN : on_child);
    } else if (strcmp(step, "hostile-signals") == 0) {
      sigset_t all;
      sigfillset(&all);
      sigprocmask(SIG_SETMASK, &all, NULL);
      for (int signal = SIGHUP; signal < SIGRTMAX; signal++)
        if (signal != SIGCHLD && signal != SIGSEGV)
          (void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    } else if (strcmp(step, "alarms") == 0) {
      const struct itimerval every = {{0, number * 1000}, {0, number * 1000}};
      handle(SIGALRM, on_alarm);
      setitimer(ITIMER_REAL, &every, NULL);
    } else if (strcmp(step, "chop") == 0) {
      chop = (size_t)number;
    } else if (strcmp(step, "break-pipe") == 0) {
      broken_pipe = true;
    } else if (strcmp(step, "stretch") == 0) {
      stretch = number;
    } else if (strcmp(step, "pid") == 0) {
      said_pid = number;
    } else if (strcmp(step, "no-memory") == 0) {
      no_memory = args[0];
    } else if (strcmp(step, "no-descriptors") == 0) {
      if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, limit.rlim_max}) < 0)
        fail("setrlimit");
    } else if (strcmp(step, "no-pidfd") == 0) {
      forbid_pidfd();
    } else if (strcmp(step, "unprivileged") == 0) {
      if (geteuid() == 0 && (setegid(65534) < 0 || seteuid(65534) < 0))
        fail("unprivileged");
    } else if (strcmp(step, "listen-without-room") == 0) {
      listen_without_room(args[0]);
    } else if (strcmp(step, "threads") == 0) {
      const struct crowd crowd = {confdir, args[2], args[3], client, atoi(args[1]), 0, ""};
      report_threads(number, &crowd);
    } else {
      for (int i = 0; i < (args[1] != NULL ? atoi(args[1]) : 1); i++)
        report_call(step, pamh, number);
    }
  }

  /* The leak checker wants an ordinary process. */
  setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
  setrlimit(RLIMIT_NOFILE, &limit);
  handle(SIGCHLD, SIG_DFL);
  if (geteuid() != getuid() && (seteuid(getuid()) < 0 || setegid(getgid()) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0))
    fail("privileges");
  while (started > 0)
    pam_end(handles[--started], PAM_SUCCESS);
  free(client.token);
  fclose(results);
  return 0;
}
