/* mode=daemon: asks the daemon over its unix socket. */
#pragma once

#include "io.h"
#include "options.h"

int client_call(const char *path);
void client_ask(int called, const struct options *opt, const struct request *req, deadline_t deadline,
                struct reply *out);
