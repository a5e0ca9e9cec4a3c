/*
 * Waiting, as PostgreSQL does: authentication_timeout, pg_terminate_backend, a client that leaves and the death of the postmaster
 * end it. The same two functions as in ../pam/wait.c; ../pam/io.h has the rules.
 *
 * Nothing here raises an error for an interrupt that ends the process: what called this closes its socket first.
 */
#include "postgres.h"

#include "wait.h"

#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/waiteventset.h"
#include "utils/wait_event.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#define BACKLOG_MS 20

static bool left_while_waiting;

/* Returns whether the client of this backend hung up during a wait. */
bool client_has_left(void) {
  return left_while_waiting;
}

/* Returns the name that pg_stat_activity has for these waits. */
static uint32 wait_event(void) {
  static uint32 event = 0;

  if (event == 0)
    event = WaitEventExtensionNew("PgtokenDecision");
  return event;
}

/* Connects fd to address. Returns 0, -errno, or as wait_ready. */
int connect_to(int fd, const struct sockaddr_un *address, deadline_t deadline) {
  int rc;

  /* A connect that blocks could not be interrupted. On a full backlog this one fails at once, and leaves nothing to wait for. */
  if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
    return -errno;
  while (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) {
    if (errno != EAGAIN && errno != EINTR)
      return -errno;
    if ((rc = wait_ready(NULL, 0, deadline, BACKLOG_MS)) < 0)
      return rc;
  }
  return 0;
}

/* Returns the events of a wait set that stand for those of poll. */
static uint32 socket_events(short events) {
  uint32 wanted = 0;

  if ((events & POLLIN) != 0)
    wanted |= WL_SOCKET_READABLE;
  if ((events & POLLOUT) != 0)
    wanted |= WL_SOCKET_WRITEABLE;
  if ((events & POLLRDHUP) != 0)
    wanted |= WL_SOCKET_CLOSED;
  return wanted;
}

/*
 * Waits for one descriptor, or for none; at most at_most milliseconds, unless that is negative. Returns 0 when it is worth looking
 * again, -ETIMEDOUT when the deadline has come, -ECANCELED when the backend is to end, or -ECONNABORTED when its client has left.
 */
int wait_ready(struct pollfd *fds, nfds_t count, deadline_t deadline, int at_most) {
  const int left = deadline_left(deadline);
  WaitEvent event = {0};

  if (left == 0)
    return -ETIMEDOUT;
  /* Should one of these fail, the process ends, as for any error before a session has begun. */
  WaitEventSet *set = CreateWaitEventSet(NULL, 4);
  AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
  AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
  const int client = AddWaitEventToSet(set, WL_SOCKET_CLOSED, MyProcPort->sock, NULL, NULL);
  if (count > 0)
    AddWaitEventToSet(set, socket_events(fds->events), fds->fd, NULL, NULL);
  const int ready = WaitEventSetWait(set, at_most < 0 || left < at_most ? left : at_most, &event, 1, wait_event());
  FreeWaitEventSet(set);

  if (ready > 0 && event.events == WL_LATCH_SET)
    ResetLatch(MyLatch);
  if (ProcDiePending || QueryCancelPending)
    return -ECANCELED;
  CHECK_FOR_INTERRUPTS(); /* what does not end it */
  if (ready > 0 && event.pos == client) {
    left_while_waiting = true;
    return -ECONNABORTED;
  }
  return 0;
}
