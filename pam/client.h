/* mode=daemon: asks the daemon over its unix socket. */
#pragma once

#include "io.h"
#include "options.h"

void client_ask(const struct options *opt, const struct request *req, deadline_t deadline, struct reply *out);
