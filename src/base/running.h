/* Does a program run on this host? */
#ifndef BASE_RUNNING_H
#define BASE_RUNNING_H

#include <stdbool.h>

/* Whether a process runs the program of that path, one that was since replaced included. Processes
 * with another root (containers) don't count; those that we may not look at are not seen.
 * Ref: proc(5) /proc/PID/exe, /proc/PID/root */
bool running_program(const char *path);

#endif
