/*
 * A disk that hangs: fsync returns only once a file that the environment names is gone. Preloaded; everything else is the real
 * thing. For tests only.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int fsync(int file) {
  const char *hold = getenv("PGTOKEN_TEST_HOLD_FSYNC");

  while (hold != NULL && access(hold, F_OK) == 0)
    (void)usleep(10000);
  return (int)syscall(SYS_fsync, file);
}
