/* The module's options, as they stand behind its name in pam.d. */
#pragma once

#include "reply.h"

#include <stdbool.h>

/* The strings are libpam's, or constants, and live as long as the call that was handed argv. */
struct options {
  bool exec, debug;
  int timeout; /* seconds */
  const char *socket, *helper, *config;
};

int options_parse(int argc, const char **argv, struct options *out, struct reply *why);
