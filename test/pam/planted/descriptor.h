/* Put in front of the module's sources, this makes them lose a descriptor whenever they look for a character in a text. */
#include <fcntl.h>
#include <string.h>

static inline size_t planted_strcspn(const char *text, const char *reject) {
  (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
  return strcspn(text, reject);
}

#define strcspn planted_strcspn
