/* SPDX-License-Identifier: MIT */
/*
 * The benchmark, as /init of a stock kernel: the same file natively and in dom0's place.
 *
 * It is meant for QEMU's -icount shift=0,sleep=off, where one instruction is one nanosecond and the TSC counts
 * nanoseconds since the machine's start, whoever reads it: figures are instructions, hypervisor's included, and the
 * same on every run. Each operation runs once before it is measured, so that no figure holds a first time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define PAGE 4096ul
#define MIB  (1024ul * 1024)

static void check(int ok, const char *what)
{
    if (!ok) {
        printf("BENCH-ERROR %s\n", what);
        reboot(RB_AUTOBOOT);
        _exit(1);
    }
}

static void null_syscall(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        check(syscall(SYS_getppid) >= 0, "getppid");
}

/* One round: a byte to the child and back. */
static void pipe_round_trip(unsigned count)
{
    int there[2], back[2];
    char byte = 1;

    check(pipe(there) == 0 && pipe(back) == 0, "pipe");
    pid_t child = fork();
    check(child >= 0, "fork");
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1)
            if (write(back[1], &byte, 1) != 1) _exit(1);
        _exit(0);
    }
    close(there[0]);
    for (unsigned i = 0; i < count; i++)
        check(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "pipe round");
    close(there[1]);
    close(back[0]);
    close(back[1]);
    waitpid(child, NULL, 0);
}

static void await(pid_t child)
{
    int status;

    check(child > 0 && waitpid(child, &status, 0) == child && status == 0, "wait");
}

static void fork_exit(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0) _exit(0);
        await(child);
    }
}

static void fork_exec(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0) {
            execl("/init", "/init", "exit", NULL);
            _exit(1);
        }
        await(child);
    }
}

static char *touched(size_t size)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    check(memory != MAP_FAILED, "mmap");
    madvise(memory, size, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < size; at += PAGE)
        memory[at] = 1;
    return memory;
}

/* Every other call takes the right to write away, the others give it back. */
static void mprotect_4m(unsigned count)
{
    static char *memory;

    if (!memory) memory = touched(4 * MIB);
    for (unsigned i = 0; i < count; i++)
        check(mprotect(memory, 4 * MIB, i & 1 ? PROT_READ | PROT_WRITE : PROT_READ) == 0, "mprotect");
}

static void page_fault(unsigned count)
{
    munmap(touched(count * PAGE), count * PAGE);
}

static const struct {
    const char *name;
    void (*run)(unsigned count);
    unsigned count;
} rows[] = {
    {"null-syscall", null_syscall, 1000}, {"pipe", pipe_round_trip, 200},   {"fork-exit", fork_exit, 50},
    {"fork-exec", fork_exec, 20},         {"mprotect-4m", mprotect_4m, 20}, {"page-fault", page_fault, 1024},
};

int main(int argc, char **argv)
{
    uint64_t start = __rdtsc();

    if (argc > 1 && strcmp(argv[1], "exit") == 0) return 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("BENCH init %llu\n", (unsigned long long)start);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rows[i].run(2);
        start = __rdtsc();
        rows[i].run(rows[i].count);
        printf("BENCH %s %llu\n", rows[i].name, (unsigned long long)(__rdtsc() - start) / rows[i].count);
    }
    printf("BENCH-DONE\n");
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
