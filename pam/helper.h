/* mode=exec: asks a helper process, a new one for each login. */
#pragma once

#include "io.h"
#include "options.h"

void helper_ask(const struct options *opt, const struct request *req, deadline_t deadline, struct reply *out);
