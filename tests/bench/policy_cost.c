/* SPDX-License-Identifier: MIT */
/*
 * What a decision costs, in instructions, and what a table of 8, 64 and 512 types takes.
 *   policy-cost [TYPES FILE]...   prints the cost of decisions; of each FILE how large it is
 * The monitor's own object code runs in a child that is single-stepped, so the figures are the same on every run.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#undef PAGE_SHIFT /* the hypervisor has its own */
#undef PAGE_SIZE
#undef PAGE_MASK
#include <sys/wait.h>
#include <unistd.h>

#include "console.h"
#include "domain/lifecycle.h"
#include "monitor/audit.h"
#include "monitor/monitor.h"
#include "monitor/policy_table.h"
#include "policy_support.h"

/* ---- The hypervisor around it ------------------------------------------------------------------ */
void printk(const char *fmt, ...)
{
    (void)fmt;
}

void printk_guest(const char *fmt, ...)
{
    (void)fmt;
}

bool audit_append(const struct bh_audit_record *r, struct audit_limit *limit, uint32_t rate)
{
    (void)r, (void)limit, (void)rate;
    return true;
}

struct domain *domain_next_stopped(const struct domain *d)
{
    (void)d;
    return NULL;
}

static struct domain a = {.domid = 1}, b = {.domid = 2}, c = {.domid = 3}, guard = {.domid = 4};

static const struct {
    const char *what;
    struct domain *subject;
    const struct domain *object;
    enum bh_perm perm;
    int answer;
} decisions[] = {
    {"allowed, one compartment", &a, &b, PERM_grant_map_read, 0},
    {"allowed, two compartments", &a, &c, PERM_event_send, 0},
    {"allowed by the subject's clearance", &guard, &a, PERM_grant_map_read, 0},
    {"allowed by the object's clearance", &a, &guard, PERM_grant_map_write, 0},
    {"about the hypervisor", &a, NULL, PERM_platform_info, 0},
};
#define DECISIONS (sizeof(decisions) / sizeof(decisions[0]))

static void make_policy(void)
{
    static const char rules[] = "clearance t002 c0-c9\n";
    struct policy_flat flat;
    size_t size;
    support_flat(&flat, 8);
    support_allow(&flat, 1, 1, POLICY_SAME, PERM_grant_map_read);
    support_allow(&flat, 1, 1, POLICY_OTHER, PERM_event_send);
    support_allow(&flat, 2, 1, POLICY_SOURCE_CLEARED, PERM_grant_map_read);
    support_allow(&flat, 1, 2, POLICY_TARGET_CLEARED, PERM_grant_map_write);
    support_allow(&flat, 1, 7, POLICY_OTHER, PERM_platform_info);
    support_rules(&flat, rules);
    uint8_t *file = support_file(&flat, 1, &size);
    if (monitor_init(file, size) != 0 || monitor_label_from_name("t001", 5, &a.label) != 0 ||
        monitor_label_from_name("t001", 5, &b.label) != 0 || monitor_label_from_name("t001", 6, &c.label) != 0 ||
        monitor_label_from_name("t002", 20, &guard.label) != 0)
        abort();
}

static void child(size_t i)
{
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    _exit(monitor_check(decisions[i].subject, decisions[i].object, decisions[i].perm, 7) != decisions[i].answer);
}

/* Instructions of monitor_check() and what it calls, from its first to its return. */
static long steps(size_t i)
{
    struct user_regs_struct regs;
    unsigned long long stack = 0;
    long n = 0;
    int status;
    pid_t pid = fork();

    if (pid == 0) child(i);
    for (waitpid(pid, &status, 0); WIFSTOPPED(status); waitpid(pid, &status, 0)) {
        if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) != 0) exit(2);
        if (!stack && regs.rip == (uintptr_t)monitor_check) stack = regs.rsp;
        if (stack && regs.rsp > stack) break;
        n += stack != 0;
        ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
    }
    ptrace(PTRACE_CONT, pid, NULL, NULL);
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) exit(3);
    return n;
}

int main(int argc, char **argv)
{
    make_policy();
    for (size_t i = 0; i < DECISIONS; i++)
        printf("%4ld instructions  %s\n", steps(i), decisions[i].what);
    for (int i = 1; i + 1 < argc; i += 2) {
        struct policy_table t;
        size_t size;
        uint8_t *file = support_read(argv[i + 1], &size);
        if (!file || policy_table_open(&t, file, size) != 0) return 4;
        printf("%8zu bytes, %u types (%s asked for): %s\n", size, t.types, argv[i], argv[i + 1]);
        free(file);
    }
    return 0;
}
