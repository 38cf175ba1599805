/*
 * OpenSSL's allocator, replaced by one that wipes what it frees. It runs
 * before everything else and must use nothing of OpenSSL's.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/wiping.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#include "common/secret.h"

static void *
allocate(size_t size, const char *file, int line)
{
    (void) file;
    (void) line;
    return malloc(size);
}

static void *
resize(void *memory, size_t size, const char *file, int line)
{
    (void) file;
    (void) line;
    return secret_resize_memory(memory, size);
}

static void
give_back(void *memory, const char *file, int line)
{
    (void) file;
    (void) line;
    secret_free_memory(memory);
}

void
wiping_install(void)
{
    (void) CRYPTO_set_mem_functions(allocate, resize, give_back);
}
