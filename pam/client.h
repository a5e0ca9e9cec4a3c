/* mode=daemon, and the OAuth validator: asks the daemon over its unix socket. */
#pragma once

#include "io.h"
#include "reply.h"

int client_call(const char *path);
void client_ask(int called, const char *path, const struct request *req, deadline_t deadline, struct reply *out);
