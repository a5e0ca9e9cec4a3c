/*
 * Put in front of the module's sources, this plants a race in them: whenever they take the length of a text, they count it in
 * a variable that all threads share. A tool that does not tell of it cannot be trusted when it tells of nothing.
 */
#include <string.h>

static unsigned long planted_race;

static inline size_t planted_strlen(const char *text) {
  planted_race++;
  return strlen(text);
}

#define strlen planted_strlen
