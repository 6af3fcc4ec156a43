#ifndef GATEHOUSE_CHILD_PROCESS_H
#define GATEHOUSE_CHILD_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/// Starts a program, found where the shell would find it, with our environment, no input, none of our descriptors and
/// no signal blocked.
///
/// - Parameters:
///   - arguments: ended by a null pointer; the first is the program.
///   - complaints: whether standard error goes where standard output goes, or nowhere.
///   - output: from where it is read what the program writes.
/// - Returns: zero, or what went wrong, as in errno.
int gatehouse_start_child_process(char *const arguments[], bool complaints, pid_t *identifier, int *output);

#endif
