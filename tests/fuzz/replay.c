/*
 * Runs a fuzz target on the files of its seeds, for make check and for
 * compilers without libFuzzer: one TAP line per file.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX (1 << 20)

static int
replay(const char *folder, const char *name, unsigned int number)
{
    static uint8_t input[INPUT_MAX];
    char path[4096];
    uint8_t *exact;
    size_t length;
    FILE *file;

    (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        printf("not ok %u - %s cannot be read\n", number, name);
        return 1;
    }
    length = fread(input, 1, sizeof(input), file);
    (void) fclose(file);
    /* Exactly as large as the input: reading past it shows. */
    exact = malloc(length == 0 ? 1 : length);
    if (exact == NULL)
        return 1;
    memcpy(exact, input, length);
    (void) LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    printf("ok %u - %s\n", number, name);
    return 0;
}

int
main(void)
{
    struct dirent **names;
    unsigned int number = 0;
    int failed = 0;
    int count = scandir(FUZZ_SEEDS, &names, NULL, alphasort);

    (void) setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.')
            failed |= replay(FUZZ_SEEDS, names[i]->d_name, ++number);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    if (number == 0)
        printf("not ok 1 - no seeds in %s\n", FUZZ_SEEDS);
    printf("1..%u\n", number == 0 ? 1 : number);
    return failed != 0 || number == 0;
}
