/*
 * Waiting and sending, for both modes. Rules: every wait ends at the one deadline of the login, EINTR stays in here,
 * and nothing raises SIGPIPE. The two functions that wait are in wait.c, and once more, as PostgreSQL waits, in ../oauth/wait.c.
 */
#pragma once

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <sys/un.h>

typedef int64_t deadline_t; /* a point in time: milliseconds of CLOCK_MONOTONIC */

deadline_t deadline_in(int ms);
int deadline_left(deadline_t deadline);
int connect_to(int fd, const struct sockaddr_un *address, deadline_t deadline);
int wait_ready(struct pollfd *fds, nfds_t count, deadline_t deadline, int at_most);
int send_some(int fd, struct iovec *parts, size_t count);
void close_fd(int *fd);
