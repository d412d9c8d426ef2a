/* SPDX-License-Identifier: MIT */
#include "guestprog.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

char guestprog_folder[64], guestprog_errors[4096];
unsigned char guestprog_out[8192];
size_t guestprog_out_size;

static void must(int good, const char *what)
{
    if (good) return;
    fprintf(stderr, "guestprog: %s: %s\n", what, strerror(errno));
    abort();
}

void guestprog_start(void)
{
    strcpy(guestprog_folder, "/tmp/guestprog-XXXXXX");
    must(mkdtemp(guestprog_folder) != NULL, "folder");
    must(chdir(guestprog_folder) == 0, "folder");
}

void guestprog_stop(void)
{
    char command[96];

    must(chdir("/") == 0, "folder");
    snprintf(command, sizeof(command), "rm -rf %s", guestprog_folder);
    must(system(command) == 0, "rm");
}

static void become(guestprog_main run, char *const argv[], bool full, bool mixed, const int fd[2])
{
    const struct rlimit none = {0, RLIM_INFINITY};
    int argc = 0;

    while (argv[argc])
        argc++;
    dup2(fd[0], 1);
    dup2(mixed ? fd[0] : fd[1], 2);
    if (full) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &none);
    }
    alarm(60);
    fflush(NULL);
    argc = run(argc, (char **)(size_t)argv);
    fflush(stdout);
    _exit(argc);
}

/* Both to their ends, at once. */
static void collect(int out, int errors)
{
    struct pollfd fds[2] = {{.fd = out, .events = POLLIN}, {.fd = errors, .events = POLLIN}};
    size_t said = 0;
    long n;

    guestprog_out_size = 0;
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        must(poll(fds, 2, -1) > 0, "poll");
        if (fds[0].revents) {
            n = read(out, guestprog_out + guestprog_out_size, sizeof(guestprog_out) - 1 - guestprog_out_size);
            guestprog_out_size += n > 0 ? (size_t)n : 0;
            if (n <= 0) fds[0].fd = -1;
        }
        if (fds[1].revents) {
            n = read(errors, guestprog_errors + said, sizeof(guestprog_errors) - 1 - said);
            said += n > 0 ? (size_t)n : 0;
            if (n <= 0) fds[1].fd = -1;
        }
    }
    guestprog_out[guestprog_out_size] = '\0';
    guestprog_errors[said] = '\0';
}

int guestprog_run(guestprog_main run, char *const argv[], bool full, bool mixed)
{
    int out[2], errors[2], status;
    pid_t pid;

    must(pipe(out) == 0 && pipe(errors) == 0, "pipe");
    fflush(NULL);
    pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        close(out[0]);
        close(errors[0]);
        become(run, argv, full, mixed, (int[]){out[1], errors[1]});
    }
    close(out[1]);
    close(errors[1]);
    collect(out[0], errors[0]);
    close(out[0]);
    close(errors[0]);
    must(waitpid(pid, &status, 0) == pid, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void guestprog_put(const char *name, const void *data, size_t size)
{
    FILE *f = fopen(name, "wb");

    must(f && fwrite(data, 1, size, f) == size && fclose(f) == 0, name);
}

long guestprog_get(const char *name, void *out, size_t capacity)
{
    FILE *f = fopen(name, "rb");
    size_t n;

    if (!f) return -1;
    n = fread(out, 1, capacity, f);
    fclose(f);
    return (long)n;
}

void *guestprog_shared(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    must(p != MAP_FAILED, "mmap");
    return p;
}

void guestprog_said(const char *text)
{
    if (!strstr(guestprog_errors, text)) fail_msg("\"%s\" lacks \"%s\"", guestprog_errors, text);
}
