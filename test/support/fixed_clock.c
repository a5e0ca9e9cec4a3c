/*
 * Holds the wall clock of one program still, at the Unix time that the environment names, so that vectors with a time of their
 * own can be put to a real daemon.
 *
 * Preloaded; everything but the wall clock is the real one: timers and deadlines go by the monotonic clock. time() stays as it
 * is, too: TLS asks it whether a certificate is valid, and the certificates of the tests are made now. For tests only.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t fixed(void) {
  const char *text = getenv("PGTOKEN_TEST_CLOCK");

  return text == NULL ? 0 : (time_t)strtoll(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *out) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
    return (int)syscall(SYS_clock_gettime, clock, out);
  *out = (struct timespec){.tv_sec = fixed()};
  return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  (void)zone;
  *out = (struct timeval){.tv_sec = fixed()};
  return 0;
}
