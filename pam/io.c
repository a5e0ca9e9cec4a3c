/* Deadlines and sending: io.h has the rules. */
#include "io.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Returns the point in time that is ms milliseconds away. */
deadline_t deadline_in(int ms) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: the clock exists and the address is ours */
  return (deadline_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ms;
}

/* Returns the milliseconds until deadline, 0 when it has come. Deadlines here are at most a minute away. */
int deadline_left(deadline_t deadline) {
  const deadline_t left = deadline - deadline_in(0);

  return left > 0 ? (int)left : 0;
}

/*
 * Sends what the socket takes now and moves the parts past it. Returns 0 when nothing is left to send, -EAGAIN when
 * something is, -EPIPE or -ECONNRESET when the other side has closed, or another -errno.
 */
int send_some(int fd, struct iovec *parts, size_t count) {
  const struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
  const ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  size_t past = sent > 0 ? (size_t)sent : 0, left = 0;

  if (sent < 0)
    return errno == EINTR ? -EAGAIN : -errno;
  for (size_t i = 0; i < count; i++) {
    const size_t step = past < parts[i].iov_len ? past : parts[i].iov_len;
    parts[i].iov_base = (char *)parts[i].iov_base + step;
    left += parts[i].iov_len -= step;
    past -= step;
  }
  return left == 0 ? 0 : -EAGAIN;
}

/* Closes *fd unless it is -1, and makes it so. Linux has closed it even where it reports EINTR: no retry. */
void close_fd(int *fd) {
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}
