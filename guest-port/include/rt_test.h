/* SPDX-License-Identifier: MIT */
/*
 * A test kernel: it defines test_main(), which makes checks and returns. Then one line
 *     TEST name: SUCCESS|SKIP|ERROR|FAILURE reason
 * goes to the console and the domain powers off. SUCCESS: every check held. FAILURE: the hypervisor did
 * something wrong. ERROR: the test itself could not do its work. SKIP: it cannot be judged here.
 */
#ifndef RT_TEST_H
#define RT_TEST_H

#include "rt.h"

void test_main(void);

/* Checks go on after a failure; the first is the reason that the verdict gives. */
#define CHECK(condition)          test_check(condition, __FILE__, __LINE__, "%s", #condition)
#define CHECK_MSG(condition, ...) test_check(condition, __FILE__, __LINE__, __VA_ARGS__)
/* Compares integers; both values are printed. */
#define EQ(got, want) test_equal((long)(got), (long)(want), __FILE__, __LINE__, #got)
/* The statements must raise (or must not raise) a trap; VECTOR is an enum rt_vector. */
#define FAULTS(want, ...)                                                                                              \
    do {                                                                                                               \
        struct rt_fault fault_;                                                                                        \
        RT_CATCH(&fault_, __VA_ARGS__);                                                                                \
        test_equal(fault_.vector, want, __FILE__, __LINE__, "vector of " #__VA_ARGS__);                                \
    } while (0)
#define RUNS(...) FAULTS(-1, __VA_ARGS__)

bool test_check(bool ok, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));
bool test_equal(long got, long want, const char *file, int line, const char *what);

/* End at once. */
void test_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void test_error(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void test_failure(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Unless the statement's value is true the test is an ERROR: for what is no subject of this test. */
#define NEED(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) test_error("%s:%d: %s", __FILE__, __LINE__, #condition);                                     \
    } while (0)

/* Addresses for pointer arguments that must be refused, and for mappings of a test's own. */
#define TEST_UNMAPPED     0x7100000000ul
#define TEST_WINDOW       0x7200000000ul
#define TEST_NONCANONICAL 0x8000000000000000ul

/* A frame that was this domain's and that it gave back: by no means may it be reached any more. */
uint64_t test_lost_mfn(void);

/* A zeroed page that is mapped read-only, so that it may become a page table; test_table_set makes it writable for a
 * moment, so only while it is no table yet. Null when there is no memory. */
uint64_t *test_table(void);
void test_table_set(uint64_t *table, unsigned index, uint64_t entry);

/* Tries to store value with a plain MOV; true when it landed there, by whatever way. */
bool test_store_lands(uint64_t *where, uint64_t value);

/* True on Bulkhead, false on any other hypervisor. */
bool test_on_bulkhead(void);

/* Has Bulkhead compare its books on this domain with the tables (debug builds). The number of
 * differences; 0 too where there is no such audit. */
long test_audit(void);

#endif
