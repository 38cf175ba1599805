/*
 * Makes allocations fail, one by one. What our own code and its calls of
 * json-c allocate goes through here when the test is linked with
 *
 *   -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=strdup
 *   -Wl,--wrap=json_object_new_object -Wl,--wrap=json_object_new_string
 *   -Wl,--wrap=json_object_new_array -Wl,--wrap=json_object_new_boolean
 *   -Wl,--wrap=json_object_new_int64
 *   -Wl,--wrap=json_object_object_add -Wl,--wrap=json_object_array_add
 *   -Wl,--wrap=json_object_to_json_string_length
 *   -Wl,--wrap=json_tokener_new_ex -Wl,--wrap=json_tokener_parse_ex
 *
 * and with -Wl,--as-needed before the libraries: libcurl, which these tests do
 * not need, would let OpenSSL allocate before main, and then fault_install
 * comes too late to make OpenSSL's own allocations fail.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_FAULTS_H
#define PAM_COGNITO_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <openssl/crypto.h>

/* Of this thread: servers inside a test are not to suffer. */
static _Thread_local bool fault_armed;
static _Thread_local unsigned int fault_countdown;

/* Lets that many allocations pass and the next one fail. */
static inline void
fault_arm(unsigned int passing)
{
    fault_countdown = passing;
    fault_armed = true;
}

/* True: the one that was to fail has not been reached. */
static inline bool
fault_disarm(void)
{
    bool pending = fault_armed;

    fault_armed = false;
    return pending;
}

static bool
fault_is_now(void)
{
    if (!fault_armed)
        return false;
    if (fault_countdown-- > 0)
        return false;
    fault_armed = false;
    return true;
}

#define FAULT_WRAP(type, name, parameters, arguments, failure)                \
    type __real_##name parameters;                                            \
    type __wrap_##name parameters;                                            \
    type __wrap_##name parameters                                             \
    {                                                                         \
        return fault_is_now() ? failure : __real_##name arguments;            \
    }

FAULT_WRAP(void *, malloc, (size_t size), (size), NULL)
FAULT_WRAP(void *, calloc, (size_t count, size_t size), (count, size), NULL)
FAULT_WRAP(char *, strdup, (const char *text), (text), NULL)
FAULT_WRAP(void *, json_object_new_object, (void), (), NULL)
FAULT_WRAP(void *, json_object_new_string, (const char *text), (text), NULL)
FAULT_WRAP(void *, json_object_new_array, (void), (), NULL)
FAULT_WRAP(void *, json_object_new_boolean, (int value), (value), NULL)
FAULT_WRAP(void *, json_object_new_int64, (int64_t value), (value), NULL)
FAULT_WRAP(int, json_object_object_add,
           (void *object, const char *key, void *value), (object, key, value),
           -1)
FAULT_WRAP(int, json_object_array_add, (void *array, void *value),
           (array, value), -1)
FAULT_WRAP(const char *, json_object_to_json_string_length,
           (void *object, int flags, size_t *length), (object, flags, length),
           NULL)
FAULT_WRAP(void *, json_tokener_new_ex, (int depth), (depth), NULL)
FAULT_WRAP(void *, json_tokener_parse_ex,
           (void *tokener, const char *text, int length),
           (tokener, text, length), NULL)

static void *
fault_malloc(size_t size, const char *file, int line)
{
    (void) file;
    (void) line;
    return malloc(size);
}

static void *
fault_realloc(void *old, size_t size, const char *file, int line)
{
    (void) file;
    (void) line;
    return fault_is_now() ? NULL : realloc(old, size);
}

static void
fault_free(void *old, const char *file, int line)
{
    (void) file;
    (void) line;
    free(old);
}

/* Before OpenSSL allocates anything. False when it is too late. */
static inline bool
fault_install(void)
{
    return CRYPTO_set_mem_functions(fault_malloc, fault_realloc, fault_free)
           == 1;
}

#endif
