/*
 * A PAM application like PgBouncer, for tests: one process that lives long and checks login after login, each with a handle
 * of its own, in as many threads as it is told to. Unlike pamrun.c it stands in for nothing: libpam and libc are the real
 * ones, but for syslog(), which ../support/syslog_to_file.c puts into a file.
 *
 *   pooler CONFDIR THREADS CALLS < logins
 *
 * A login is a line "service user token", each in hex. Every thread makes CALLS logins, one after the other, going round the
 * list from a place of its own. Writes one JSON object: for each line of the list how often which PAM code came, and what
 * of the process was there before the first login and after the last.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define CODES 32
#define LOGINS 64
#define THREADS 64

struct login {
  char *service, *user, *token;
};

static struct login logins[LOGINS];
static int login_count, calls;
static const char *confdir;
static pthread_barrier_t everybody;

struct worker {
  pthread_t thread;
  int number;
  int codes[LOGINS][CODES];
};

static void fail(const char *what) {
  fprintf(stderr, "pooler: %s: %s\n", what, strerror(errno));
  exit(98);
}

/* Answers every prompt with the token, and drops what it is told. */
static int converse(int count, const struct pam_message **asked, struct pam_response **out, void *data) {
  struct pam_response *answers = calloc((size_t)count, sizeof *answers);

  for (int i = 0; i < count; i++)
    if (asked[i]->msg_style == PAM_PROMPT_ECHO_OFF)
      answers[i].resp = strdup(data);
  *out = answers;
  return PAM_SUCCESS;
}

/* Logs in once, in the order in which PostgreSQL and PgBouncer do. Returns what came of it. */
static int log_in(const struct login *login) {
  const struct pam_conv conv = {converse, login->token};
  pam_handle_t *pamh;
  int code = pam_start_confdir(login->service, login->user, &conv, confdir, &pamh);

  if (code != PAM_SUCCESS)
    fail("pam_start_confdir");
  pam_set_item(pamh, PAM_RHOST, "10.0.0.7");
  code = pam_authenticate(pamh, 0);
  if (code == PAM_SUCCESS)
    code = pam_acct_mgmt(pamh, 0);
  pam_end(pamh, code);
  return code;
}

static void *work(void *data) {
  struct worker *worker = data;

  pthread_barrier_wait(&everybody);
  for (int i = 0; i < calls; i++) {
    const int which = (worker->number + i) % login_count;
    const int code = log_in(&logins[which]);
    worker->codes[which][code >= 0 && code < CODES ? code : CODES - 1]++;
  }
  return NULL;
}

static int count_in(const char *path) {
  DIR *dir = opendir(path);
  int count = 0;

  if (dir == NULL)
    fail(path);
  while (readdir(dir) != NULL)
    count++;
  closedir(dir);
  return count;
}

/* Writes what a module must leave as it was. */
static void report_state(const char *name) {
  siginfo_t info = {0};
  const bool children = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;

  printf("\"%s\":{\"descriptors\":%d,\"threads\":%d,\"children\":%s},", name, count_in("/proc/self/fd"),
         count_in("/proc/self/task") - 2, children ? "true" : "false");
}

/* Returns the bytes of hex, which the caller frees. */
static char *unhex(const char *hex) {
  char *bytes = calloc(1, strlen(hex) / 2 + 1);
  unsigned int byte;

  for (char *out = bytes; sscanf(hex, "%2x", &byte) == 1; hex += 2)
    *out++ = (char)byte;
  return bytes;
}

static void read_logins(void) {
  char *line = NULL;
  size_t size = 0;

  while (getline(&line, &size, stdin) > 0) {
    char *rest = line, *service = strsep(&rest, " "), *user = strsep(&rest, " "), *token = strsep(&rest, "\n");
    if (token == NULL || login_count == LOGINS)
      fail("the list of logins");
    logins[login_count++] = (struct login){unhex(service), unhex(user), unhex(token)};
  }
  free(line);
}

int main(int argc, char **argv) {
  static struct worker workers[THREADS];
  const int count = argc == 4 ? atoi(argv[2]) : 0;

  if (count < 1 || count > THREADS)
    fail("usage: pooler CONFDIR THREADS CALLS");
  confdir = argv[1];
  calls = atoi(argv[3]);
  read_logins();
  if (login_count == 0)
    fail("no logins");
  log_in(&logins[0]); /* what libpam and libc set up once for all is no leak */

  printf("{");
  report_state("before");
  pthread_barrier_init(&everybody, NULL, (unsigned int)count);
  for (int i = 0; i < count; i++) {
    workers[i].number = i;
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
      fail("pthread_create");
  }
  for (int i = 0; i < count; i++)
    pthread_join(workers[i].thread, NULL);
  pthread_barrier_destroy(&everybody);
  report_state("after");

  printf("\"logins\":[");
  for (int which = 0; which < login_count; which++) {
    printf("%s{", which > 0 ? "," : "");
    for (int code = 0, seen = 0; code < CODES; code++) {
      int times = 0;
      for (int i = 0; i < count; i++)
        times += workers[i].codes[which][code];
      if (times > 0)
        printf("%s\"%d\":%d", seen++ > 0 ? "," : "", code, times);
    }
    printf("}");
    free(logins[which].service);
    free(logins[which].user);
    free(logins[which].token);
  }
  printf("]}\n");
  return fflush(stdout) == 0 ? 0 : 97;
}
