/*
 * The rows of finding.def.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/finding.h"

#include <stddef.h>

static const struct finding_row rows[] = {
#define MACHINE GROUP_MACHINE
#define POOL GROUP_POOL
#define PERSON GROUP_PERSON
#define FINDING(name, id, group, label, area, brief)                          \
    [FINDING_##name] = {id, group, label, area, brief},
#include "doctor/finding.def"
};

const struct finding_row *
finding_row(enum finding_id id)
{
    return &rows[id];
}
