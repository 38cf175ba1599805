/*
 * Faults on purpose, one for each tool: one that does not find its own is not
 * at work. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int planted_twice(size_t size);
size_t planted_null(const char *name);
int planted_outside(void);

/* For gcc: freed twice, in one case only. */
int
planted_twice(size_t size)
{
    char *text = malloc(size);

    if (text == NULL)
        return 0;
    if (size > 10)
        free(text);
    free(text);
    return 1;
}

/* For clang-tidy: NULL where the name is NULL. */
size_t
planted_null(const char *name)
{
    if (name == NULL)
        (void) puts("no name");
    return strlen(name);
}

/* For cppcheck: the tenth of ten; for clang-format: two blanks. */
int
planted_outside(void)
{
    int numbers[10] = {0};

    return  numbers[10];
}
