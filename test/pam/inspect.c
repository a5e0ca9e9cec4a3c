/*
 * A helper for tests: writes what it was started with into files named after its --config argument, then its whole
 * standard input, and grants.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *create(const char *base, const char *name) {
  char path[4096];
  FILE *file;

  snprintf(path, sizeof path, "%s.%s", base, name);
  if ((file = fopen(path, "we")) == NULL)
    exit(98);
  return file;
}

static void copy(const char *base, const char *name, int from) {
  FILE *file = create(base, name);
  char bytes[4096];
  ssize_t got;

  while ((got = read(from, bytes, sizeof bytes)) > 0)
    fwrite(bytes, 1, (size_t)got, file);
  if (got < 0 || fclose(file) != 0)
    exit(97);
}

int main(int argc, char **argv) {
  const char *base = argc > 3 ? argv[3] : "/nonexistent";
  char path[300], target[4096];
  struct dirent *entry;

  /* First, before anything here opens a descriptor. */
  DIR *dir = opendir("/proc/self/fd");
  if (dir == NULL)
    return 96;
  FILE *fds = create(base, "fds");
  while ((entry = readdir(dir)) != NULL) {
    snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
    const ssize_t len = readlink(path, target, sizeof target - 1);
    if (len < 0 || atoi(entry->d_name) == dirfd(dir) || atoi(entry->d_name) == fileno(fds))
      continue;
    target[len] = '\0';
    fprintf(fds, "%s %s\n", entry->d_name, target);
  }
  closedir(dir);
  fclose(fds);

  copy(base, "environ", open("/proc/self/environ", O_RDONLY));
  copy(base, "cmdline", open("/proc/self/cmdline", O_RDONLY));
  copy(base, "status", open("/proc/self/status", O_RDONLY));
  FILE *process = create(base, "process");
  fprintf(process, "%s %s", getcwd(path, sizeof path), getpgid(0) == getpid() ? "own-group" : "shared-group");
  fclose(process);
  copy(base, "stdin", STDIN_FILENO);
  return 0;
}
