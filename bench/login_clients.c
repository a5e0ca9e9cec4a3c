/*
 * Logs in as fast as it goes: as many threads as there are clients, each of which connects, asks for one row and closes,
 * again and again. pgbench -C would do, but it has one password for all its logins, two logins at a time for two threads,
 * and no latency of a connection.
 *
 *   login_clients CONNINFO PASSWORDS CLIENTS SECONDS
 *
 * PASSWORDS is a file with one password a line; the next login takes the next line, and after the last one the first. Where the
 * server asks for a token instead (OAUTHBEARER, libpq 18), the line is that token.
 * Prints one line of JSON: logins, seconds, and milliseconds of a login at the 50th and 99th percentile and of the longest one.
 * Any login that fails ends all, with status 1 and the reason.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_CLIENTS 1000
#define MAX_SAMPLES (1 << 20)

static const char *conninfo;
static char **passwords;
static size_t password_count;
static double ends_at;
static atomic_size_t next_password, sample_count;
static float *samples; /* milliseconds */

static _Noreturn void fail(const char *what, const char *why) {
  fprintf(stderr, "login_clients: %s: %s\n", what, why);
  exit(1);
}

/* Seconds on a clock that is never set. */
static double now(void) {
  struct timespec at;

  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

#ifdef LIBPQ_HAS_PROMPT_OAUTH_DEVICE
/* The token of the login that this thread makes. */
static _Thread_local const char *token;

/* Hands libpq the token that is there already. */
static int hand_over(PGauthData type, PGconn *connection, void *data) {
  if (type != PQAUTHDATA_OAUTH_BEARER_TOKEN)
    return PQdefaultAuthDataHook(type, connection, data);
  ((PGoauthBearerRequest *)data)->token = (char *)token;
  return 1;
}
#endif

static void log_in(const char *password) {
  const char *const keywords[] = {"dbname", "password", NULL};
  const char *const values[] = {conninfo, password, NULL};

#ifdef LIBPQ_HAS_PROMPT_OAUTH_DEVICE
  token = password;
#endif
  PGconn *connection = PQconnectdbParams(keywords, values, 1);

  if (PQstatus(connection) != CONNECTION_OK)
    fail("a login", PQerrorMessage(connection));
  PGresult *result = PQexec(connection, "select 1");
  if (PQresultStatus(result) != PGRES_TUPLES_OK)
    fail("a query", PQerrorMessage(connection));
  PQclear(result);
  PQfinish(connection);
}

static void *run_client(void *unused) {
  for (double start = now(); start < ends_at;) {
    log_in(passwords[atomic_fetch_add(&next_password, 1) % password_count]);
    const double end = now();
    const size_t at = atomic_fetch_add(&sample_count, 1);
    if (at >= MAX_SAMPLES)
      fail("the time", "too long for the room that there is for samples");
    samples[at] = (float)((end - start) * 1000);
    start = end;
  }
  return unused;
}

static void read_passwords(const char *path) {
  FILE *file = fopen(path, "r");
  char *line = NULL;
  size_t size = 0;

  if (file == NULL)
    fail("passwords", "the file cannot be read");
  for (ssize_t length; (length = getline(&line, &size, file)) > 0;) {
    line[strcspn(line, "\n")] = '\0';
    passwords = realloc(passwords, (password_count + 1) * sizeof *passwords);
    if (passwords == NULL || (passwords[password_count++] = strdup(line)) == NULL)
      fail("passwords", "no memory");
  }
  free(line);
  fclose(file);
  if (password_count == 0)
    fail("passwords", "the file has none");
}

static int by_length(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;

  return (x > y) - (x < y);
}

static double percentile(size_t count, double share) {
  const size_t at = (size_t)((double)count * share);

  return (double)samples[at < count ? at : count - 1];
}

int main(int argc, char **argv) {
  pthread_t threads[MAX_CLIENTS];

  if (argc != 5)
    fail("usage", "login_clients CONNINFO PASSWORDS CLIENTS SECONDS");
  const long clients = strtol(argv[3], NULL, 10);
  const double seconds = strtod(argv[4], NULL);
  if (clients < 1 || clients > MAX_CLIENTS || seconds <= 0 || seconds > 600)
    fail("usage", "expected 1 to 1000 clients, and up to 600 seconds");
  conninfo = argv[1];
#ifdef LIBPQ_HAS_PROMPT_OAUTH_DEVICE
  PQsetAuthDataHook(hand_over);
#endif
  read_passwords(argv[2]);
  samples = malloc(MAX_SAMPLES * sizeof *samples);
  if (samples == NULL)
    fail("samples", "no memory");

  const double start = now();
  ends_at = start + seconds;
  for (long n = 0; n < clients; n++)
    if (pthread_create(&threads[n], NULL, run_client, NULL) != 0)
      fail("a client", "no thread");
  for (long n = 0; n < clients; n++)
    pthread_join(threads[n], NULL);
  const double took = now() - start;
  const size_t count = atomic_load(&sample_count);
  qsort(samples, count, sizeof *samples, by_length);
  printf("{\"logins\": %zu, \"seconds\": %.6f, \"p50\": %.3f, \"p99\": %.3f, \"longest\": %.3f}\n", count, took,
         percentile(count, 0.5), percentile(count, 0.99), percentile(count, 1));
  return 0;
}
