/*
 * The words that the two system call filters are written in: the worker's in
 * sandbox.c, the warden's in warden.c. What is done when a condition holds
 * stands inside it, and the compiler counts how far to jump.
 *
 * Not libseccomp, which was tried (2.5.4): it knows no "from this number on",
 * no "otherwise" for a call that is judged by its arguments, and compares the
 * half of an argument that the kernel reads for equality only. To say all this
 * with it takes three filters, two of which list every known call, and several
 * milliseconds instead of a fifth of one; to say less would let calls through.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_FILTER_H
#define PAM_COGNITO_FILTER_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define AUDIT_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__i386__)
#define AUDIT_ARCHITECTURE AUDIT_ARCH_I386
#elif defined(__arm__)
#define AUDIT_ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define AUDIT_ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define AUDIT_ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define AUDIT_ARCHITECTURE AUDIT_ARCH_S390X
#endif

#define FIELD(name) ((uint32_t) offsetof(struct seccomp_data, name))
/* The low half of an argument: that is all the kernel reads of these. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARGUMENT(n) (FIELD(args) + 8 * (n))
#else
#define ARGUMENT(n) (FIELD(args) + 8 * (n) + 4)
#endif
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define ALLOWED RETURN(SECCOMP_RET_ALLOW)
#define FAILS(number) RETURN(SECCOMP_RET_ERRNO | (number))
#define ENDS RETURN(SECCOMP_RET_KILL_PROCESS)

/*
 * The steps that follow a condition are taken when what was loaded meets it;
 * else it goes on behind them.
 */
#define STEPS(...)                                                            \
    (sizeof((const struct sock_filter[]){__VA_ARGS__})                        \
     / sizeof(struct sock_filter))
#define IF(test, value, ...)                                                  \
    BPF_JUMP(BPF_JMP | (test) | BPF_K, (uint32_t) (value), 0,                 \
             STEPS(__VA_ARGS__)),                                             \
        __VA_ARGS__
#define IF_EQUAL(value, ...) IF(BPF_JEQ, value, __VA_ARGS__)
#define IF_FROM(value, ...) IF(BPF_JGE, value, __VA_ARGS__)
#define IF_BITS(value, ...) IF(BPF_JSET, value, __VA_ARGS__)
#define IF_OTHER(value, ...)                                                  \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) (value),                   \
             STEPS(__VA_ARGS__), 0),                                          \
        __VA_ARGS__
/*
 * A call, while its number is what was loaded. Steps that load something else
 * end in a return.
 */
#define CALL(name, ...) IF_EQUAL(SYS_##name, __VA_ARGS__)

#endif
