/*
 * Makes calls of one program slow, as a bad disk and a bad name server do: fsync() and fdatasync() while the folder that the
 * environment names has a file `slow-fsync`, and getaddrinfo() of every name that ends in .hangs.test, which comes to nothing.
 *
 * Preloaded; a call waits in the thread that makes it, as it would on a real machine. For tests only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HANG_SECONDS 30
/* Longer than any test holds the disk up; so that nothing waits for a test that has died. */
#define SYNC_SECONDS 120

static int is_there(const char *name) {
  char path[4096];
  const char *folder = getenv("PGTOKEN_TEST_FAULTS");

  if (folder == NULL || (size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
    return 0;
  return access(path, F_OK) == 0;
}

static void pause_ms(long ms) {
  nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static int slow_sync(int fd, const char *name) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);

  for (long waited = 0; is_there("slow-fsync") && waited < SYNC_SECONDS * 1000; waited += 20)
    pause_ms(20);
  return real(fd);
}

int fsync(int fd) { return slow_sync(fd, "fsync"); }

int fdatasync(int fd) { return slow_sync(fd, "fdatasync"); }

int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict out) {
  static const char suffix[] = ".hangs.test";
  const size_t length = node == NULL ? 0 : strlen(node), tail = sizeof suffix - 1;
  int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
      (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");

  if (length > tail && strcmp(node + length - tail, suffix) == 0) {
    pause_ms(HANG_SECONDS * 1000);
    return EAI_AGAIN;
  }
  return real(node, service, hints, out);
}
