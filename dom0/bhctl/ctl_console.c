/* SPDX-License-Identifier: MIT */
/* bhctl console: a terminal on a domain's console, by consoled's socket. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../consoled/conpath.h"
#include "ctl.h"
#include "streamfind.h"

#define LEAVE 0x1d /* Ctrl-] */
#define SYSRQ 0x0f /* Ctrl-O: a Linux guest takes it for the prefix of a SysRq command, and two of them for one */

struct session {
    const char *name;
    int socket;
    bool terminal, input_open, binary;
    struct streamfind *until; /* NULL: none */
    int64_t deadline_ms;      /* 0: none */
};

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int try_connect(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

    if (fd < 0) return -errno;
    snprintf(address.sun_path, sizeof(address.sun_path), CONPATH_SOCKET, name);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) return fd;
    rc = -errno;
    close(fd);
    return rc;
}

static int connect_wait(const char *name, int wait_ms)
{
    int64_t end = now_ms() + wait_ms;
    int fd;

    while ((fd = try_connect(name)) < 0 && now_ms() < end)
        usleep(20000);
    return fd;
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno != EINTR) return false;
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
    }
    return true;
}

static bool write_binary(int fd, const char *data, size_t size)
{
    while (size) {
        const char *at = memchr(data, SYSRQ, size);
        size_t n = at ? (size_t)(at - data) + 1 : size;

        if (!write_all(fd, data, n) || (at && !write_all(fd, at, 1))) return false;
        data += n;
        size -= n;
    }
    return true;
}

enum step { GO_ON, DONE, FAILED };

static enum step from_domain(struct session *s)
{
    char buffer[4096];
    ssize_t n = read(s->socket, buffer, sizeof(buffer));

    if (n < 0 && errno == EINTR) return GO_ON;
    if (n <= 0) {
        ctl_error("%s: the console is closed: the domain is gone", s->name);
        return s->until ? FAILED : DONE;
    }
    if (!write_all(STDOUT_FILENO, buffer, (size_t)n)) return FAILED;
    return s->until && streamfind_feed(s->until, buffer, (size_t)n) ? DONE : GO_ON;
}

static enum step from_operator(struct session *s)
{
    char buffer[1024], *leave;
    ssize_t n = read(STDIN_FILENO, buffer, sizeof(buffer));

    if (n < 0 && errno == EINTR) return GO_ON;
    if (n <= 0) {
        s->input_open = false;
        return s->until ? GO_ON : DONE;
    }
    if (s->binary) return write_binary(s->socket, buffer, (size_t)n) ? GO_ON : FAILED;
    leave = s->terminal ? memchr(buffer, LEAVE, (size_t)n) : NULL;
    if (!write_all(s->socket, buffer, leave ? (size_t)(leave - buffer) : (size_t)n)) return FAILED;
    return leave ? DONE : GO_ON;
}

static enum step step(struct session *s)
{
    struct pollfd fds[2] = {{.fd = s->socket, .events = POLLIN},
                            {.fd = s->input_open ? STDIN_FILENO : -1, .events = POLLIN}};
    int64_t left = s->deadline_ms ? s->deadline_ms - now_ms() : -1;
    enum step result = GO_ON;
    int n;

    if (s->deadline_ms && left <= 0) {
        ctl_error("%s: the time is over", s->name);
        return FAILED;
    }
    n = poll(fds, 2, left > 1000000 ? 1000000 : (int)left);
    if (n < 0 && errno != EINTR) return FAILED;
    if (n > 0 && fds[0].revents) result = from_domain(s);
    if (n > 0 && result == GO_ON && fds[1].revents) result = from_operator(s);
    return result;
}

static int run(struct session *s)
{
    struct termios saved, raw;
    enum step result;

    s->input_open = true;
    s->terminal = tcgetattr(STDIN_FILENO, &saved) == 0;
    if (s->terminal) {
        fprintf(stderr, "[%s: leave with Ctrl-]]\n", s->name);
        raw = saved;
        cfmakeraw(&raw);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    while ((result = step(s)) == GO_ON)
        ;
    if (s->terminal) {
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
        fputc('\n', stderr);
    }
    close(s->socket);
    return result == DONE ? CTL_OK : CTL_ERROR;
}

int ctl_console_attach(const char *name, int wait_ms)
{
    struct session s = {.name = name};

    s.socket = connect_wait(name, wait_ms);
    if (s.socket < 0) return ctl_error("%s: no console: %s (is consoled running?)", name, strerror(-s.socket));
    return run(&s);
}

int ctl_console(struct hvcall *hv, int argc, char **argv)
{
    struct bh_dom_info info;
    struct streamfind find;
    struct session s = {0};
    const char *which = NULL;
    int rc;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--until") == 0 && i + 1 < argc) {
            if (streamfind_init(&find, argv[++i]) < 0)
                return ctl_usage("console: --until wants a text of 1 to %u bytes", STREAMFIND_MAX);
            s.until = &find;
        } else if (strcmp(argv[i], "--timeout") == 0 && i + 1 < argc) {
            char *end;
            unsigned long seconds = strtoul(argv[++i], &end, 10);

            if (*end || seconds < 1 || seconds > 86400) return ctl_usage("console: --timeout wants 1 to 86400 seconds");
            s.deadline_ms = now_ms() + (int64_t)seconds * 1000;
        } else if (strcmp(argv[i], "--binary") == 0) {
            s.binary = true;
        } else if (argv[i][0] == '-' || which) {
            return ctl_usage("console: '%s' is one argument too many", argv[i]);
        } else {
            which = argv[i];
        }
    }
    if (!which) return ctl_usage("console: a domain is wanted");
    rc = ctl_find(hv, which, &info);
    if (rc != CTL_OK) return rc;
    if (info.domid == 0) return ctl_error("%s: you are on this console already", which);
    s.name = info.name;
    s.socket = connect_wait(info.name, s.deadline_ms ? (int)(s.deadline_ms - now_ms()) : 2000);
    if (s.socket < 0) return ctl_error("%s: no console: %s (is consoled running?)", which, strerror(-s.socket));
    return run(&s);
}
