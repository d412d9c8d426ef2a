/* SPDX-License-Identifier: MIT */
/* badtpm LISTEN CONTROL DATA FAULT CODE N: a TPM that breaks, between QEMU and swtpm.
 * LISTEN is the socket that QEMU's emulator back end connects to (swtpm's control protocol, swtpm_ioctls(3)), CONTROL
 * and DATA are swtpm's. It carries everything to and fro until the Nth command with CODE (hex); from that one on:
 *   hang     nothing is answered any more
 *   garbage  random bytes come
 *   error    TPM_RC_FAILURE to everything
 *   short    the true answer, its size field one too small
 *   long     the true answer, its size field one too large
 *   none     all is well
 * SIGUSR1 resets the TPM under the running machine, as a glitch of its reset line would, and somebody starts it up
 * again: registers and sessions are gone. SIGUSR2: nobody does. It ends when QEMU closes the connection. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CMD_INIT       2
#define CMD_LOCALITY   5
#define CMD_SET_DATAFD 16
#define BUFFER         8192

static const char *fault;
static uint32_t code;
static unsigned long left; /* commands with that code until it breaks; 0: broken */
static volatile sig_atomic_t reset_wanted;
static uint8_t locality[8] = {0, 0, 0, CMD_LOCALITY}; /* as QEMU set it last */

static void want_reset(int signal)
{
    reset_wanted = signal;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct sockaddr_un address(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(a.sun_path)) {
        fprintf(stderr, "badtpm: %s: too long for a socket\n", path);
        exit(1);
    }
    strcpy(a.sun_path, path);
    return a;
}

static int connect_to(const char *path)
{
    struct sockaddr_un a = address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a))) die(path);
    return fd;
}

static int wait_for_qemu(const char *path)
{
    struct sockaddr_un a = address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), peer;

    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 1)) die(path);
    peer = accept(fd, NULL, NULL);
    if (peer < 0) die("accept");
    close(fd);
    return peer;
}

static void all(int fd, const uint8_t *p, size_t n)
{
    if (send(fd, p, n, MSG_NOSIGNAL) != (ssize_t)n) exit(0); /* the other side has gone: so has the machine */
}

/* One message of the control channel; the data channel's descriptor where it came, else -1. */
static int control(int qemu, int tpm)
{
    static const uint8_t fine[4];
    uint8_t message[BUFFER];
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } extra = {0};
    struct iovec iov = {message, sizeof(message)};
    struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &extra, .msg_controllen = sizeof(extra)};
    ssize_t n = recvmsg(qemu, &h, 0);
    int fd = -1;

    if (n < 4) exit(0);
    if (message[3] == CMD_SET_DATAFD && CMSG_FIRSTHDR(&h)) {
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof(fd));
        all(qemu, fine, sizeof(fine));
        return fd;
    }
    if (n == sizeof(locality) && message[3] == CMD_LOCALITY) memcpy(locality, message, sizeof(locality));
    all(tpm, message, (size_t)n);
    n = recv(tpm, message, sizeof(message), 0);
    if (n <= 0) exit(0);
    all(qemu, message, (size_t)n);
    return -1;
}

static uint8_t tell(int tpm_control, const uint8_t message[8])
{
    uint8_t result[4];

    all(tpm_control, message, 8);
    if (recv(tpm_control, result, sizeof(result), MSG_WAITALL) != sizeof(result)) exit(0);
    return result[3];
}

/* Between two commands. A TPM starts up at locality 0. */
static void reset(int tpm_control, int tpm_data)
{
    static const uint8_t init[8] = {0, 0, 0, CMD_INIT}, zero[8] = {0, 0, 0, CMD_LOCALITY};
    static const uint8_t startup[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x44, 0, 0};
    uint8_t answer[10] = {0}, result = tell(tpm_control, init);
    bool start = reset_wanted == SIGUSR1;

    reset_wanted = 0;
    if (start) {
        tell(tpm_control, zero);
        all(tpm_data, startup, sizeof(startup));
        if (recv(tpm_data, answer, sizeof(answer), MSG_WAITALL) != sizeof(answer)) exit(0);
        tell(tpm_control, locality);
    }
    fprintf(stderr, "badtpm: reset: %u%s: %02x%02x%02x%02x\n", result, start ? ", started" : "", answer[6], answer[7],
            answer[8], answer[9]);
}

static size_t broken(uint8_t *answer, size_t n)
{
    static const uint8_t failure[10] = {0x80, 1, 0, 0, 0, 10, 0, 0, 1, 1};

    if (!strcmp(fault, "hang")) return 0;
    if (!strcmp(fault, "error")) {
        memcpy(answer, failure, sizeof(failure));
        return sizeof(failure);
    }
    if (!strcmp(fault, "garbage")) {
        for (size_t i = 0; i < n; i++)
            answer[i] = (uint8_t)rand();
        return n;
    }
    answer[5] = (uint8_t)(answer[5] + (strcmp(fault, "long") ? -1 : 1));
    return n;
}

/* One command and its answer. */
static void data(int qemu, int tpm)
{
    uint8_t buffer[BUFFER];
    ssize_t n = recv(qemu, buffer, sizeof(buffer), 0);

    if (n < 10) exit(0);
    uint32_t c = (uint32_t)buffer[6] << 24 | (uint32_t)buffer[7] << 16 | (uint32_t)buffer[8] << 8 | buffer[9];
    if (strcmp(fault, "none") != 0 && left && c == code && --left == 0)
        fprintf(stderr, "badtpm: %s from here on\n", fault);
    all(tpm, buffer, (size_t)n);
    n = recv(tpm, buffer, sizeof(buffer), 0);
    if (n < 10) exit(0);
    size_t size = left ? (size_t)n : broken(buffer, (size_t)n);
    if (size) all(qemu, buffer, size);
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: badtpm LISTEN CONTROL DATA hang|garbage|error|short|long|none CODE N\n");
        return 2;
    }
    fault = argv[4];
    code = (uint32_t)strtoul(argv[5], NULL, 16);
    left = strtoul(argv[6], NULL, 10);
    int tpm_control = connect_to(argv[2]), tpm_data = connect_to(argv[3]);
    struct pollfd from[2] = {{.fd = wait_for_qemu(argv[1]), .events = POLLIN}, {.fd = -1, .events = POLLIN}};

    /* Only poll() is interrupted, so no message is cut short. */
    sigset_t both, usual;
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    sigprocmask(SIG_BLOCK, &both, &usual);
    signal(SIGUSR1, want_reset);
    signal(SIGUSR2, want_reset);
    for (;;) {
        if (ppoll(from, 2, NULL, &usual) < 0) {
            if (errno != EINTR) die("poll");
            if (reset_wanted) reset(tpm_control, tpm_data);
            continue;
        }
        if (from[0].revents) {
            int fd = control(from[0].fd, tpm_control);
            from[1].fd = fd >= 0 ? fd : from[1].fd;
        }
        if (from[1].revents) data(from[1].fd, tpm_data);
        from[0].revents = from[1].revents = 0;
    }
    return 0;
}
