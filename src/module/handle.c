/*
 * Keeps what one call learnt in the PAM handle (pam_set_data), for the same
 * user and process only.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/handle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAME "pam_cognito"

/* libpam calls this when the data is replaced and at pam_end. */
static void
forget(pam_handle_t *pamh, void *data, int error_status)
{
    struct memory *memory = data;

    (void) pamh;
    if (memory == NULL)
        return;
    /* A forked copy of the host says so when it ends: the helper goes on
     * for the other. */
    if ((error_status & PAM_DATA_SILENT) != 0)
        relay_abandon(memory->relay);
    else
        relay_free(memory->relay);
    free(memory->user);
    free(memory);
}

void
memory_clear(struct call *call)
{
    const void *data = NULL;

    call->first = pam_get_data(call->pamh, NAME, &data) != PAM_SUCCESS
                  || data == NULL;
    /* Fails only where there is no data, which is what is wanted. */
    (void) pam_set_data(call->pamh, NAME, NULL, NULL);
}

struct memory *
memory_renew(struct call *call)
{
    struct memory *memory = calloc(1, sizeof(*memory));

    if (memory == NULL)
        return NULL;
    memory->uid = call->about.uid;
    memory->verdict = STATUS_INTERNAL;
    memory->user = strdup(call->user);
    if (memory->user == NULL
        || pam_set_data(call->pamh, NAME, memory, forget) != PAM_SUCCESS) {
        free(memory->user);
        free(memory);
        return NULL;
    }
    return memory;
}

struct memory *
memory_of(struct call *call)
{
    const void *data = NULL;
    struct memory *memory;

    if (pam_get_data(call->pamh, NAME, &data) != PAM_SUCCESS || data == NULL)
        return NULL;
    memory = (struct memory *) (uintptr_t) data;
    return strcmp(memory->user, call->user) == 0 ? memory : NULL;
}
