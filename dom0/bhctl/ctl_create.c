/* SPDX-License-Identifier: MIT */
/* bhctl create and digest: from a tenant's file to a domain, or to what it will be measured as. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "ctl.h"
#include "domcfg.h"
#include "domload.h"

#define CONSOLE_WAIT_MS 5000

static int read_file(const char *path, char *buffer, size_t capacity, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 1;

    if (fd < 0) return -errno;
    for (*size = 0; n > 0 && *size < capacity; *size += (size_t)n) {
        n = read(fd, buffer + *size, capacity - *size);
        if (n < 0) {
            n = -errno;
            close(fd);
            return (int)n;
        }
    }
    close(fd);
    return 0;
}

static int read_config(const char *path, struct domcfg *cfg)
{
    static char text[XLCFG_FILE_MAX + 1]; /* one byte more, to notice a file that is too long */
    static struct xlcfg xl;
    struct xlcfg_error err;
    size_t size = 0;
    int rc = read_file(path, text, sizeof(text), &size);

    if (rc < 0) return ctl_error("%s: %s", path, strerror(-rc));
    if (xlcfg_parse(text, size, &xl, &err) == 0 && domcfg_read(&xl, cfg, &err) == 0) return CTL_OK;
    if (err.line) return ctl_error("%s:%d: %s", path, err.line, err.text);
    return ctl_error("%s: %s", path, err.text);
}

/* A random (version 4) UUID, RFC 4122. */
static int make_uuid(uint8_t uuid[16])
{
    if (getrandom(uuid, 16, 0) != 16) return ctl_error("no random bytes for a uuid: %s", strerror(errno));
    uuid[6] = (uuid[6] & 0x0f) | 0x40;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    return CTL_OK;
}

static int start(struct hvcall *hv, const char *path, const struct domcfg *cfg, uint32_t *domid)
{
    struct domload load;
    struct domload_error err;
    int rc = domload_open(cfg, NULL, &load, &err);

    if (rc < 0) return ctl_error("%s: %s", path, err.text);
    rc = domload_create(hv, cfg, &load, domid, &err);
    domload_close(&load);
    return rc < 0 ? ctl_error("%s: %s", path, err.text) : CTL_OK;
}

static int unpause(struct hvcall *hv, const char *path, uint32_t domid)
{
    struct bh_dom_target target = {.domid = domid};
    long rc = hvcall_op(hv, BH_DOM_UNPAUSE, &target, sizeof(target));

    if (rc == 0) return CTL_OK;
    hvcall_op(hv, BH_DOM_DESTROY, &target, sizeof(target));
    return ctl_error("%s: the domain was built but cannot be started, so it was destroyed: %s", path,
                     strerror((int)-rc));
}

int ctl_create(struct hvcall *hv, int argc, char **argv)
{
    bool console = false, paused = false;
    const char *path = NULL;
    struct domcfg cfg;
    uint32_t domid;
    int rc;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-c") == 0)
            console = true;
        else if (strcmp(argv[i], "-p") == 0)
            paused = true;
        else if (argv[i][0] == '-' || path)
            return ctl_usage("create: '%s' is one argument too many", argv[i]);
        else
            path = argv[i];
    }
    if (!path || (console && paused)) return ctl_usage("create: one file is wanted, and -c or -p, not both");
    rc = read_config(path, &cfg);
    if (rc == CTL_OK && !cfg.has_uuid) rc = make_uuid(cfg.uuid);
    if (rc == CTL_OK) rc = start(hv, path, &cfg, &domid);
    if (rc == CTL_OK && !paused) rc = unpause(hv, path, domid);
    if (rc != CTL_OK) return rc;
    printf("%s: domain %u%s\n", cfg.name, domid, paused ? ", paused" : "");
    fflush(stdout);
    return console ? ctl_console_attach(cfg.name, CONSOLE_WAIT_MS) : CTL_OK;
}

static void print_digest(const char *name, const uint8_t *digest)
{
    printf("%-9s", name);
    for (size_t i = 0; i < 32; i++)
        printf("%02x", digest[i]);
    putchar('\n');
}

static void json_digest(const struct domcfg *cfg, const struct bh_launch *launch, const uint8_t digest[32])
{
    struct jsonout j = {.file = stdout};

    jsonout_open(&j, NULL, '{');
    jsonout_string(&j, "name", cfg->name);
    jsonout_string(&j, "type", cfg->label.type);
    jsonout_number(&j, "compartment", cfg->label.compartment);
    jsonout_hex(&j, "kernel", launch->kernel, 32);
    jsonout_hex(&j, "ramdisk", launch->ramdisk, 32);
    jsonout_hex(&j, "cmdline", launch->cmdline, 32);
    jsonout_number(&j, "memory_kib", launch->memory_kib);
    jsonout_number(&j, "vcpus", launch->vcpus);
    jsonout_number(&j, "flags", launch->flags);
    jsonout_hex(&j, "launch_digest", digest, 32);
    jsonout_close(&j, '}');
    putchar('\n');
}

int ctl_digest(struct hvcall *hv, int argc, char **argv)
{
    const char *path = NULL, *root = NULL;
    struct domload_error err;
    struct bh_launch launch;
    struct domload load;
    struct domcfg cfg;
    uint8_t digest[32];
    bool json = false;
    int rc;

    (void)hv;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
            root = argv[++i];
        else if (argv[i][0] == '-' || path)
            return ctl_usage("digest: '%s' is one argument too many", argv[i]);
        else
            path = argv[i];
    }
    if (!path) return ctl_usage("digest: a file is wanted");
    rc = read_config(path, &cfg);
    if (rc != CTL_OK) return rc;
    if (domload_open(&cfg, root, &load, &err) < 0) return ctl_error("%s: %s", path, err.text);
    rc = domload_measure(&cfg, &load, &launch, digest, &err);
    domload_close(&load);
    if (rc < 0) return ctl_error("%s: %s", path, err.text);
    if (json) {
        json_digest(&cfg, &launch, digest);
        return CTL_OK;
    }
    print_digest("kernel", launch.kernel);
    print_digest("ramdisk", launch.ramdisk);
    print_digest("cmdline", launch.cmdline);
    print_digest("launch", digest);
    return CTL_OK;
}
