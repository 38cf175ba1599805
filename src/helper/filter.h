/*
 * The words that the two system call filters are written in: the worker's in
 * sandbox.c, the warden's in warden.c.
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
#define IF_EQUAL(value, yes, no)                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) (value), (yes), (no))
#define IF_FROM(value, yes, no)                                               \
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t) (value), (yes), (no))
#define IF_BITS(value, yes, no)                                               \
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t) (value), (yes), (no))
#define ERRNO(number) (SECCOMP_RET_ERRNO | (number))

#endif
