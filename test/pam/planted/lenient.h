/* Put in front of the module's sources, this makes them take any character for one of a list: something for a fuzzer to find. */
#include <string.h>

static inline size_t planted_strspn(const char *text, const char *accept) {
  const size_t len = strspn(text, accept);

  return text[len] == '\0' || text[len] == ' ' ? len : len + 1;
}

#define strspn planted_strspn
