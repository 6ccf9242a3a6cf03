/*
 * The program as an Ansible module: Ansible copies it to a host and starts it with one argument, a file of JSON
 * with the task's parameters; it prints one JSON object.
 */
#ifndef CLI_ANSIBLE_MODULE_H
#define CLI_ANSIBLE_MODULE_H

#include "base/json.h"

/* Whether the path leads to such a file; if so, it is read into `ret`. */
bool ansible_module_load(const char *path, struct json_doc *ret);

/* Does what the file asks for and prints the answer. Returns the exit status. */
int ansible_module_run(const struct json_doc *doc);

#endif
