/*
 * A plan's lists: actions and refusals.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <stdlib.h>

#include "accounts/plan_parts.h"
#include "common/text.h"

/* Room for one more, in steps that double; NULL when memory is out. */
static void *
grow(struct parts *parts, void *items, size_t count, size_t size)
{
    if (count > 0 && (count < 16 || (count & (count - 1)) != 0))
        return items;
    items = reallocarray(items, count < 16 ? 16 : 2 * count, size);
    if (items == NULL)
        parts->is_out_of_memory = true;
    return items;
}

struct plan_action *
parts_act(struct parts *parts, enum plan_kind kind, const char *name,
          const char *sub, uid_t uid)
{
    struct plan *plan = parts->plan;
    struct plan_action *actions = grow(parts, plan->actions, plan->count,
                                       sizeof(*actions));

    if (actions == NULL)
        return NULL;
    plan->actions = actions;
    actions += plan->count++;
    *actions = (struct plan_action){
        .kind = kind,
        .name = parts_text(parts, "%s", name),
        .sub = parts_text(parts, "%s", sub),
        .uid = uid,
    };
    return actions;
}

void
parts_refuse(struct parts *parts, const char *id, const char *name,
             const char *username, const char *why, bool usual)
{
    struct plan *plan = parts->plan;
    struct plan_refusal *refusals
        = grow(parts, plan->refusals, plan->refusal_count, sizeof(*refusals));
    char shown[TEXT_LINE_MAX + 1];

    if (refusals == NULL)
        return;
    plan->refusals = refusals;
    text_clean(username, shown, sizeof(shown));
    refusals[plan->refusal_count++] = (struct plan_refusal){
        .id = id,
        .name = parts_text(parts, "%s", name),
        .username = parts_text(parts, "%s", shown),
        .why = why,
        .usual = usual,
    };
}

void
plan_free(struct plan *plan)
{
    pieces_free(&plan->memory);
    free(plan->actions);
    free(plan->held);
    free(plan->refusals);
    free(plan->wanted);
    *plan = (struct plan){0};
}
