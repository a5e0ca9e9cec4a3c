/* Waiting, as the PAM module does: nothing interrupts it but its deadline. io.h has the rules. */
#include "io.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

/* Connects fd to address. Returns 0, -ETIMEDOUT, or -errno. */
int connect_to(int fd, const struct sockaddr_un *address, deadline_t deadline) {
  /* Blocking: on a full backlog a non-blocking connect fails at once and leaves nothing to poll for. */
  for (int left; (left = deadline_left(deadline)) > 0;) { /* a limit of 0 would be none */
    const struct timeval limit = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0)
      return -errno;
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
      return 0;
    if (errno != EINTR)
      return errno == EAGAIN ? -ETIMEDOUT : -errno;
  }
  return -ETIMEDOUT;
}

/*
 * Waits for one of the descriptors; at most at_most milliseconds, unless that is negative. Returns 0 when it is worth
 * looking again (revents tells whether one is ready), -ETIMEDOUT when the deadline has come, or -errno.
 */
int wait_ready(struct pollfd *fds, nfds_t count, deadline_t deadline, int at_most) {
  int left, ready;

  do {
    if ((left = deadline_left(deadline)) == 0)
      return -ETIMEDOUT;
    ready = poll(fds, count, at_most < 0 || left < at_most ? left : at_most);
  } while (ready < 0 && errno == EINTR);
  return ready < 0 ? -errno : 0;
}
