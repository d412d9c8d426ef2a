/* SPDX-License-Identifier: MIT */
/* bhctl: the operator's tool. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl.h"

static const struct ctl_command commands[] = {
    {"create", "[-c] [-p] FILE", "start the tenant that FILE describes (-c: attach its console, -p: leave it paused)",
     ctl_create, false},
    {"list", "[--json]", "list the domains", ctl_list, false},
    {"info", "[--json] [DOM]", "show the platform, or one domain", ctl_info, false},
    {"console", "[--until TEXT] [--timeout SECONDS] [--binary] DOM", "attach to a domain's console (leave with Ctrl-])",
     ctl_console, false},
    {"pause", "DOM", "stop a domain's vCPUs", ctl_pause, false},
    {"unpause", "DOM", "let them run again", ctl_unpause, false},
    {"destroy", "DOM", "end a domain and scrub its memory", ctl_destroy, false},
    {"audit", "[--json] [--follow] [--save FILE]",
     "show what the policy refused (--json: one object a line; --follow: and what comes; --save: keep the records for "
     "bh-auditlog)",
     ctl_audit, false},
    {"policy", "load [--revoke] [--dry-run] [--json] FILE | show [--json] | read FILE",
     "take a signed policy of a higher version into force (--revoke: and take down what it forbids), show or save the "
     "one "
     "in force",
     ctl_policy, false},
    {"dmesg", "", "show the hypervisor's messages", ctl_dmesg, false},
    {"recount", "", "have a debug build compare its books on all domains' memory with their page tables", ctl_recount,
     false},
    {"digest", "[--json] [--root DIR] FILE", "say what a tenant's launch will be measured as; starts nothing",
     ctl_digest, true},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void vmessage(const char *format, va_list ap)
{
    fflush(stdout);
    fputs("bhctl: ", stderr);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
}

int ctl_error(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vmessage(format, ap);
    va_end(ap);
    return CTL_ERROR;
}

int ctl_usage(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vmessage(format, ap);
    va_end(ap);
    return CTL_USAGE;
}

static void help(FILE *to)
{
    fputs("usage: bhctl COMMAND ...\n", to);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %s %s\n        %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    fputs("DOM is a domain's name or id. Exit status: 0 done, 1 refused or failed, 2 wrong use.\n", to);
}

static int run(const struct ctl_command *command, int argc, char **argv)
{
    struct hvcall *hv = NULL;
    const char *why;
    int rc;

    if (!command->offline) {
        rc = hvcall_open(&hv, &why);
        if (rc < 0) return ctl_error("%s (%s)", why, strerror(-rc));
    }
    rc = command->run(hv, argc, argv);
    hvcall_close(hv);
    if (fflush(stdout) != 0 || ferror(stdout)) return ctl_error("the output could not be written");
    if (rc == CTL_USAGE) fprintf(stderr, "usage: bhctl %s %s\n", command->name, command->arguments);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return CTL_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help(stdout);
        return CTL_OK;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, argv[1]) == 0) return run(&commands[i], argc - 1, argv + 1);
    ctl_usage("there is no command '%s'", argv[1]);
    help(stderr);
    return CTL_USAGE;
}
