/* What ../pam/io.h does not have: waiting in a backend of PostgreSQL, which has a client. */
#pragma once

#include "../pam/io.h"

#include <stdbool.h>

bool client_has_left(void);
