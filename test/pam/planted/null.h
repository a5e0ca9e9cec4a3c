/* Put in front of the module's sources, this makes them read from nowhere: something for an analyser to find. */
#include <string.h>

static inline size_t planted_strcspn(const char *text, const char *reject) {
  const char *nowhere = NULL;

  return text[0] == '?' ? (size_t)nowhere[0] : strcspn(text, reject);
}

#define strcspn planted_strcspn
