/*
 * A PAM service's configuration, read and run through as Linux-PAM does
 * (pam.conf(5)), but with outcomes that the caller invents: the way to see
 * what a stack makes of a refusal without refusing anybody. Loads no module.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_DOCTOR_PAM_STACK_H
#define PAM_COGNITO_DOCTOR_PAM_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "doctor/places.h"
#include "pam/names.h"

#define PAM_LINES_MAX 512
#define PAM_ARGUMENTS_MAX 64

enum pam_stack_phase {
    PAM_PHASE_AUTH,
    PAM_PHASE_ACCOUNT,
    PAM_PHASE_SESSION,
    PAM_PHASE_PASSWORD,
    PAM_PHASE_COUNT
};

/* What a control does with a code; numbers above 0 jump over so many lines. */
enum pam_action {
    PAM_ACTION_IGNORE = 0,
    PAM_ACTION_OK = -1,
    PAM_ACTION_DONE = -2,
    PAM_ACTION_BAD = -3,
    PAM_ACTION_DIE = -4,
    PAM_ACTION_RESET = -5,
    PAM_ACTION_UNSET = -6
};

struct pam_line {
    enum pam_stack_phase phase;
    int level;        /* of substacks around it */
    bool is_substack; /* only marks where one begins */
    bool is_broken;   /* its control says nothing */
    bool silent;      /* -auth: may be missing without a word */
    bool missing;     /* for the caller: the module is not there */
    int actions[PAM_CODE_COUNT];
    char *control; /* as written */
    char *module;  /* as written */
    size_t argument_count;
    char *arguments[PAM_ARGUMENTS_MAX];
    char *file;
    unsigned int number; /* of the line in its file */
    mode_t mode;         /* of the file */
    bool included;       /* not the service's own file */
};

struct pam_stack {
    size_t count;
    struct pam_line *lines; /* PAM_LINES_MAX */
    bool absent;            /* the service has no file */
    bool by_other;          /* and the one of "other" stands for it */
    char error[256];        /* what is wrong with the files, or "" */
};

/*
 * Reads the files of service, each from the first of the folders that has it.
 * What could be read is there also after a failure. pam_stack_free in every
 * case.
 */
bool pam_stack_read(struct pam_stack *stack,
                    const char *const folders[PLACES_PAM],
                    const char *service);
/* After success, or where the service has no file: a phase of which it says
 * nothing is the one of "other". */
bool pam_stack_read_other(struct pam_stack *stack,
                          const char *const folders[PLACES_PAM]);
void pam_stack_free(struct pam_stack *stack);

/* Is the line's module that one ("pam_unix.so"), wherever it lies? */
bool pam_line_is(const struct pam_line *line, const char *module);
bool pam_line_has(const struct pam_line *line, const char *argument);

/* An outcome: as if the line were not there, but jumps count it. */
#define PAM_STACK_ABSENT (-1)

/*
 * What the phase ends with when each module returns outcome(line, context).
 */
int pam_stack_run(const struct pam_stack *stack, enum pam_stack_phase phase,
                  int (*outcome)(const struct pam_line *line, void *context),
                  void *context);

#endif
