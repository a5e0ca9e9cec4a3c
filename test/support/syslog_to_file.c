/*
 * Puts what a throwaway PostgreSQL server and the modules in its backends tell syslog into a file, whether or not there is a
 * syslog daemon: one line for each message, its priority first. Preloaded; the environment names the file. For tests only.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments);
void __syslog_chk(int priority, int flag, const char *format, ...);

void vsyslog(int priority, const char *format, va_list arguments)
{
    const char *path = getenv("PGTOKEN_TEST_SYSLOG");
    char line[65536];
    size_t length = (size_t)snprintf(line, sizeof line, "<%d> ", priority);

    vsnprintf(line + length, sizeof line - length - 1, format, arguments);
    strcat(line, "\n");
    /* Whole lines, whoever else writes. A message that gets lost would make a test pass that must not. */
    const int fd = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line))
        abort();
    close(fd);
}

void syslog(int priority, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsyslog(priority, format, arguments);
    va_end(arguments);
}

/* What programs that were compiled with _FORTIFY_SOURCE call. */
void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments)
{
    (void)flag;
    vsyslog(priority, format, arguments);
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list arguments;

    (void)flag;
    va_start(arguments, format);
    vsyslog(priority, format, arguments);
    va_end(arguments);
}
