/* Put in front of the module's sources, this makes them lose memory whenever they look for a character in a text. */
#include <stdlib.h>
#include <string.h>

static inline size_t planted_strcspn(const char *text, const char *reject) {
  char *volatile lost = strdup(text);

  (void)lost;
  return strcspn(text, reject);
}

#define strcspn planted_strcspn
