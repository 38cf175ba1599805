/*
 * What check can find: ids that scripts rely on, the part of the set-up each
 * belongs to, and its few words in the table. All in finding.def.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_DOCTOR_FINDING_H
#define PAM_COGNITO_DOCTOR_FINDING_H

enum finding_group { GROUP_MACHINE, GROUP_POOL, GROUP_PERSON };

enum finding_id {
#define FINDING(name, id, group, label, area, brief) FINDING_##name,
#include "doctor/finding.def"
#undef FINDING
    FINDING_COUNT
};

struct finding_row {
    const char *id; /* of --json: never changes */
    enum finding_group group;
    const char *label; /* of its line in the table */
    const char *area;  /* with --verbose */
    const char *brief; /* in the table; NULL: no line there when it is well */
};

const struct finding_row *finding_row(enum finding_id id);

#endif
