/*
 * Runs another program for what it prints, and the helper to talk to. The
 * only place of this tool that starts a process.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_RUN_H
#define PAM_COGNITO_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/secret.h"

/*
 * Starts words[0] (an absolute path) with a minimal environment and without
 * input, and collects what it prints on both streams, at most 256 KiB, for at
 * most ms milliseconds; it is killed then. False when it cannot be started or
 * does not end by itself with status 0.
 */
bool run_program(char *const words[], unsigned int ms,
                 struct secret *output_out);

/*
 * The same with that for its standard input, PIPE_BUF bytes at most. By a pipe:
 * SELinux has programs with a domain of their own that may not read what is a
 * file in memory of ours.
 */
bool run_program_with(char *const words[], const struct secret *input,
                      unsigned int ms, struct secret *output_out);

/*
 * Starts the helper at that path, which the caller has found to be root's, as
 * the module would: an empty environment and a socket at WIRE_FD. False when
 * it cannot be started. run_helper_end closes the socket and waits until it is
 * gone; one that is not done is killed.
 */
struct run_helper {
    pid_t pid;
    int fd; /* our end, SOCK_SEQPACKET */
};
bool run_helper_start(const char *path, struct run_helper *helper_out);
void run_helper_end(struct run_helper *helper, bool is_done);

#endif
