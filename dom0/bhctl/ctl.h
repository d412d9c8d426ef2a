/* SPDX-License-Identifier: MIT */
/* What bhctl's commands share. Each command takes its own arguments (argv[0] is its name) and returns the
 * program's exit status. */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>

#include "hvcall.h"
#include "jsonout.h"

#define CTL_OK    0
#define CTL_ERROR 1
#define CTL_USAGE 2

struct ctl_command {
    const char *name, *arguments, *help;
    int (*run)(struct hvcall *hv, int argc, char **argv);
    bool offline; /* runs without the hypervisor: hv is NULL */
};

int ctl_create(struct hvcall *hv, int argc, char **argv);
int ctl_digest(struct hvcall *hv, int argc, char **argv);
int ctl_list(struct hvcall *hv, int argc, char **argv);
int ctl_info(struct hvcall *hv, int argc, char **argv);
int ctl_pause(struct hvcall *hv, int argc, char **argv);
int ctl_unpause(struct hvcall *hv, int argc, char **argv);
int ctl_destroy(struct hvcall *hv, int argc, char **argv);
int ctl_console(struct hvcall *hv, int argc, char **argv);
int ctl_audit(struct hvcall *hv, int argc, char **argv);
int ctl_policy(struct hvcall *hv, int argc, char **argv);
int ctl_dmesg(struct hvcall *hv, int argc, char **argv);
int ctl_recount(struct hvcall *hv, int argc, char **argv);

/* Prints "bhctl: ..." to stderr; returns CTL_ERROR. */
__attribute__((format(printf, 1, 2))) int ctl_error(const char *format, ...);
/* Same for wrong use of the command line; returns CTL_USAGE. */
__attribute__((format(printf, 1, 2))) int ctl_usage(const char *format, ...);

/* Finds a living domain by name or, where it is a number, by id. CTL_OK or an exit status, message printed. */
int ctl_find(struct hvcall *hv, const char *which, struct bh_dom_info *info);

/* Iterates over the living domains: start with next = 0. 1: *info is one; 0: no more; <0: errno. */
int ctl_next(struct hvcall *hv, uint32_t *next, struct bh_dom_info *info);

/* A domain's state in a word: "running". */
const char *ctl_state(const struct bh_dom_info *info);

/* Runs `bhctl console` on a domain that is just being started. */
int ctl_console_attach(const char *name, int wait_ms);

#endif
