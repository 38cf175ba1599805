/*
 * An outcome as the fields of a packet.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/outcome.h"

#include <string.h>

void
outcome_put(struct wire *wire, const struct outcome *outcome)
{
    wire_put_byte(wire, outcome->status);
    wire_put_number(wire, (outcome->must_change ? WIRE_MUST_CHANGE : 0)
                              | (outcome->outage ? WIRE_OUTAGE : 0)
                              | (outcome->explained ? WIRE_EXPLAINED : 0));
    wire_put_number(wire, (uint32_t) outcome->http);
    wire_put_number(wire, outcome->ms);
    wire_put_text(wire, outcome->error);
    wire_put_text(wire, outcome->request_id);
    wire_put_text(wire, outcome->note);
    wire_put_text(wire, outcome->person);
}

static void
get_text(struct wire *wire, char out[OUTCOME_TEXT_SIZE])
{
    text_clean(wire_get_text(wire, TEXT_LINE_MAX), out, OUTCOME_TEXT_SIZE);
}

bool
outcome_get(struct wire *wire, struct outcome *outcome_out)
{
    unsigned int status, flags;

    memset(outcome_out, 0, sizeof(*outcome_out));
    status = wire_get_byte(wire);
    flags = wire_get_number(wire);
    outcome_out->must_change = (flags & WIRE_MUST_CHANGE) != 0;
    outcome_out->outage = (flags & WIRE_OUTAGE) != 0;
    outcome_out->explained = (flags & WIRE_EXPLAINED) != 0;
    outcome_out->http = (long) wire_get_number(wire);
    outcome_out->ms = wire_get_number(wire);
    get_text(wire, outcome_out->error);
    get_text(wire, outcome_out->request_id);
    get_text(wire, outcome_out->note);
    get_text(wire, outcome_out->person);
    if (!wire_complete(wire) || status >= STATUS_COUNT)
        return false;
    outcome_out->status = (enum status) status;
    return true;
}
