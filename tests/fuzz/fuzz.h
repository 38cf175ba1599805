/*
 * What every fuzz target has: libFuzzer's entry point, and a check that ends
 * the run when something that must hold does not.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_FUZZ_H
#define PAM_COGNITO_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define MUST(condition)                                                       \
    do {                                                                      \
        if (!(condition))                                                     \
            abort();                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
