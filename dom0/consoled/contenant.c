/* SPDX-License-Identifier: MIT */
#include "contenant.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "conpath.h"

static int listen_on(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, rc;

    snprintf(address.sun_path, sizeof(address.sun_path), CONPATH_SOCKET, name);
    unlink(address.sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, CONTENANT_CLIENTS) < 0) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

static int open_log(struct contenant *t)
{
    char path[sizeof(CONPATH_LOG) + BH_NAME_MAX];

    snprintf(path, sizeof(path), CONPATH_LOG, t->name);
    t->log = fopen(path, "ae");
    if (!t->log) return -errno;
    setvbuf(t->log, NULL, _IONBF, 0);
    t->log_size = ftell(t->log);
    return 0;
}

static int open_ring(struct contenant *t, const struct bh_dom_info *info, xengnttab_handle *gnt, xenevtchn_handle *evt)
{
    void *page = xengnttab_map_grant_ref(gnt, info->domid, info->console_ref, PROT_READ | PROT_WRITE);
    int rc;

    if (!page) return -errno;
    t->port = xenevtchn_bind_interdomain(evt, info->domid, info->console_port);
    if (t->port < 0) {
        rc = -errno;
        xengnttab_unmap(gnt, page, 1);
        return rc;
    }
    conring_init(&t->ring, page);
    return 0;
}

int contenant_open(struct contenant *t, const struct bh_dom_info *info, xengnttab_handle *gnt, xenevtchn_handle *evt)
{
    int rc;

    memset(t, 0, sizeof(*t));
    t->domid = info->domid;
    memcpy(t->name, info->name, sizeof(t->name));
    t->name[sizeof(t->name) - 1] = '\0';
    if (!t->name[0] || strchr(t->name, '/')) return -EINVAL;
    for (int i = 0; i < CONTENANT_CLIENTS; i++)
        t->clients[i] = -1;
    rc = open_log(t);
    if (rc < 0) return rc;
    rc = open_ring(t, info, gnt, evt);
    if (rc < 0) {
        fclose(t->log);
        return rc;
    }
    t->listener = listen_on(t->name);
    if (t->listener < 0) {
        rc = t->listener;
        contenant_close(t, gnt, evt);
        return rc;
    }
    return 0;
}

void contenant_close(struct contenant *t, xengnttab_handle *gnt, xenevtchn_handle *evt)
{
    char path[sizeof(CONPATH_SOCKET) + BH_NAME_MAX];

    for (int i = 0; i < CONTENANT_CLIENTS; i++)
        if (t->clients[i] >= 0) close(t->clients[i]);
    if (t->listener >= 0) {
        close(t->listener);
        snprintf(path, sizeof(path), CONPATH_SOCKET, t->name);
        unlink(path);
    }
    xenevtchn_unbind(evt, (evtchn_port_t)t->port);
    xengnttab_unmap(gnt, t->ring.page, 1);
    fclose(t->log);
}

static void drop_client(struct contenant *t, int i)
{
    close(t->clients[i]);
    t->clients[i] = -1;
}

static void send_client(struct contenant *t, int i, const char *data, size_t size)
{
    /* Someone who does not read is not waited for: the log has it all. */
    if (size && send(t->clients[i], data, size, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)size) drop_client(t, i);
}

static void write_log(struct contenant *t, const char *data, size_t size)
{
    if (t->log_size > CONTENANT_LOG_MAX) {
        char path[sizeof(CONPATH_LOG) + BH_NAME_MAX], old[sizeof(path) + 2];

        snprintf(path, sizeof(path), CONPATH_LOG, t->name);
        snprintf(old, sizeof(old), "%s.1", path);
        rename(path, old);
        t->log = freopen(path, "we", t->log) ?: fopen("/dev/null", "we");
        setvbuf(t->log, NULL, _IONBF, 0);
        t->log_size = 0;
    }
    fwrite(data, 1, size, t->log);
    t->log_size += (long)size;
}

static void keep_history(struct contenant *t, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        t->history[t->history_end++ % CONTENANT_HISTORY] = data[i];
}

static void send_history(struct contenant *t, int i)
{
    size_t at = t->history_end % CONTENANT_HISTORY;

    if (t->history_end > CONTENANT_HISTORY) send_client(t, i, t->history + at, CONTENANT_HISTORY - at);
    if (t->clients[i] >= 0) send_client(t, i, t->history, at);
}

static void tell_faults(struct contenant *t)
{
    if (t->ring.faults == t->faults_told) return;
    if (t->faults_told == 0)
        fprintf(stderr, "consoled: %s (domain %u): its ring's indices make no sense\n", t->name, t->domid);
    t->faults_told = t->ring.faults;
}

void contenant_pump(struct contenant *t, xenevtchn_handle *evt)
{
    char buffer[sizeof(t->ring.page->out)];
    size_t out = conring_take(&t->ring, buffer, sizeof(buffer));
    size_t in = t->pending_size ? conring_give(&t->ring, t->pending, t->pending_size) : 0;

    tell_faults(t);
    t->pending_size -= in;
    memmove(t->pending, t->pending + in, t->pending_size);
    if (out) {
        write_log(t, buffer, out);
        keep_history(t, buffer, out);
        for (int i = 0; i < CONTENANT_CLIENTS; i++)
            if (t->clients[i] >= 0) send_client(t, i, buffer, out);
    }
    if (in || out) xenevtchn_notify(evt, (evtchn_port_t)t->port);
}

void contenant_poll(const struct contenant *t, struct pollfd *fds)
{
    fds[0] = (struct pollfd){.fd = t->listener, .events = POLLIN};
    for (int i = 0; i < CONTENANT_CLIENTS; i++)
        fds[1 + i] = (struct pollfd){
            .fd = t->clients[i], /* poll() passes over -1 */
            .events = t->pending_size < CONTENANT_PENDING ? POLLIN : 0,
        };
}

static void accept_client(struct contenant *t)
{
    int fd = accept4(t->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) return;
    for (int i = 0; i < CONTENANT_CLIENTS; i++)
        if (t->clients[i] < 0) {
            t->clients[i] = fd;
            send_history(t, i);
            return;
        }
    close(fd);
}

static void read_client(struct contenant *t, int i)
{
    size_t room = CONTENANT_PENDING - t->pending_size;
    ssize_t n;

    if (!room) return;
    n = recv(t->clients[i], t->pending + t->pending_size, room, 0);
    if (n > 0)
        t->pending_size += (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        drop_client(t, i);
}

void contenant_polled(struct contenant *t, const struct pollfd *fds, xenevtchn_handle *evt)
{
    for (int i = 0; i < CONTENANT_CLIENTS; i++)
        if (t->clients[i] >= 0 && fds[1 + i].fd == t->clients[i] && (fds[1 + i].revents & (POLLIN | POLLHUP | POLLERR)))
            read_client(t, i);
    if (fds[0].revents & POLLIN) accept_client(t);
    if (t->pending_size) contenant_pump(t, evt);
}
