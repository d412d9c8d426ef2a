/* SPDX-License-Identifier: MIT */
/* Bulkhead's own calls. Where there is no TPM, an allowed call that needs one says -ENODEV: it was reached. */
#include "walk.h"

unsigned walk_child;
static bool built;
static uint8_t byte[64];

static long target(unsigned cmd, unsigned domid)
{
    struct bh_dom_target t = {.domid = domid};

    return walk_bulkhead(cmd, &t);
}

static long create(const char *name, unsigned *domid)
{
    struct bh_dom_create c = {
        .vcpus = 1, .memory_kib = 16384, .type = "tenant_t", .compartment = 7, .flags = BH_CREATE_STORE};
    long ret;

    memcpy(c.name, name, strlen(name));
    ret = walk_bulkhead(BH_DOM_CREATE, &c);
    if (!ret) *domid = c.domid;
    return ret;
}

static long load(unsigned domid, uint64_t offset)
{
    uint64_t left = walk_image_size - offset;
    struct bh_dom_load op = {.domid = domid,
                             .part = BH_PART_KERNEL,
                             .total = walk_image_size,
                             .offset = offset,
                             .size = left < BH_LOAD_MAX ? (uint32_t)left : BH_LOAD_MAX,
                             .data = (uint64_t)walk_image + offset};

    return walk_bulkhead(BH_DOM_LOAD, &op);
}

void walk_child_create(void)
{
    if (walk_child) return;
    NEED(create("walked", &walk_child) == 0);
    built = false;
}

static void load_all(void)
{
    for (uint64_t at = 0; at < walk_image_size; at += BH_LOAD_MAX)
        NEED(load(walk_child, at) == 0);
}

void walk_child_build(void)
{
    walk_child_create();
    if (built) return;
    load_all();
    NEED(target(BH_DOM_BUILD, walk_child) == 0);
    built = true;
}

void walk_child_destroy(void)
{
    if (walk_child) target(BH_DOM_DESTROY, walk_child);
    walk_child = 0;
}

struct bh_dom_info walk_child_info(void)
{
    struct bh_dom_info info = {.domid = walk_child};

    NEED(walk_bulkhead(BH_DOM_INFO, &info) == 0 && info.domid == walk_child);
    return info;
}

/* Domains there are. */
static uint64_t domains(void)
{
    struct bh_dom_info info = {.domid = 0};
    uint64_t n = 0;

    while (walk_bulkhead(BH_DOM_INFO, &info) == 0) {
        n++;
        info.domid++;
    }
    return n;
}

static unsigned second;
static long call_create(void)
{
    return create("second", &second);
}

static void no_second(void)
{
    NEED(target(BH_DOM_DESTROY, second) == 0);
}

static void fresh(void)
{
    walk_child_destroy();
    walk_child_create();
}

static long call_load(void)
{
    return load(walk_child, 0);
}

static void loaded(void)
{
    fresh();
    load_all();
}

static long call_build(void)
{
    return target(BH_DOM_BUILD, walk_child);
}

static uint64_t child_state(void)
{
    return walk_child_info().state;
}

/* For the rows after these. */
static void renew(void)
{
    walk_child_destroy();
    walk_child_build();
}

static void paused(void)
{
    renew();
}

static void running(void)
{
    renew();
    NEED(target(BH_DOM_UNPAUSE, walk_child) == 0);
}

static long call_unpause(void)
{
    return target(BH_DOM_UNPAUSE, walk_child);
}

static long call_pause(void)
{
    return target(BH_DOM_PAUSE, walk_child);
}

static long call_destroy(void)
{
    return target(BH_DOM_DESTROY, walk_child);
}

static void gone(void)
{
    walk_child = 0;
    walk_child_build();
}

static long call_info(void)
{
    ((struct bh_dom_info *)walk_out)->domid = walk_child;
    return walk_bulkhead(BH_DOM_INFO, walk_out);
}

static void info_arguments(void)
{
    ((struct bh_dom_info *)walk_out)->domid = walk_child;
}

static uint32_t weight = 300;
static long call_sched(void)
{
    struct bh_dom_sched op = {.domid = walk_child, .weight = weight++};

    return walk_bulkhead(BH_DOM_SCHED, &op);
}

static uint64_t child_weight(void)
{
    return walk_child_info().weight;
}

static long call_remote_shutdown(void)
{
    struct sched_remote_shutdown op = {.domain_id = (domid_t)walk_child, .reason = SHUTDOWN_poweroff};

    return rt_sched_op(SCHEDOP_remote_shutdown, &op);
}

/* --- Platform, audit, attestation --- */
static long call_platform(void)
{
    return walk_bulkhead(BH_PLATFORM_INFO, walk_out);
}

static long call_audit_read(void)
{
    struct bh_audit_read op = {.seq = 1, .count = 1, .data = (uint64_t)walk_out};

    return walk_bulkhead(BH_AUDIT_READ, &op);
}

static long blob(unsigned cmd)
{
    struct bh_blob op = {.size = 64, .data = (uint64_t)walk_out};

    return walk_bulkhead(cmd, &op);
}

static long call_dmesg(void)
{
    return blob(BH_DMESG_READ);
}

static long call_eventlog(void)
{
    return blob(BH_EVENTLOG_READ);
}

static long call_policy_read(void)
{
    return blob(BH_POLICY_READ);
}

static long call_evidence_get(void)
{
    return blob(BH_EVIDENCE_GET);
}

static uint32_t evidence = 4;
static long call_evidence_put(void)
{
    struct bh_blob op = {.size = evidence, .total = evidence, .data = (uint64_t)byte};

    evidence++;
    return walk_bulkhead(BH_EVIDENCE_PUT, &op);
}

static uint64_t evidence_size(void)
{
    struct bh_blob op = {.size = 64, .data = (uint64_t)byte};

    NEED(walk_bulkhead(BH_EVIDENCE_GET, &op) >= 0);
    return op.total;
}

static long call_report(void)
{
    struct bh_report_op op = {.report = (uint64_t)walk_out, .signature = (uint64_t)byte};

    return walk_bulkhead(BH_REPORT, &op);
}

static long call_extend(void)
{
    return walk_bulkhead(BH_EXTEND, walk_out);
}

static long call_check(void)
{
    static struct bh_report report;
    struct bh_report_check op = {.report = (uint64_t)&report, .signature = (uint64_t)byte};
    long ret = walk_bulkhead(BH_REPORT_CHECK, &op);

    return ret == -XEN_EBADMSG ? 0 : ret; /* it was looked at: zeros are nobody's report */
}

static long call_seal_key(void)
{
    struct bh_seal_key op = {.flags = BH_SEAL_LAUNCH};

    return walk_bulkhead(BH_SEAL_KEY, &op);
}

static long call_seal_counter(void)
{
    struct bh_seal_counter op = {.flags = BH_SEAL_LAUNCH, .increment = 1};
    long ret;

    do
        ret = walk_bulkhead(BH_SEAL_COUNTER, &op);
    while (ret == -XEN_EAGAIN);
    return ret;
}

/* One command of each group: tag, size, code, then handles and parameters as words. */
static long tpm(uint32_t code, uint32_t words, const uint32_t *word)
{
    uint32_t size = 10 + 4 * words;
    uint8_t command[64] = {0x80, 0x01};
    struct bh_tpm_command op = {
        .command = (uint64_t)command, .command_size = size, .response_size = 512, .response = (uint64_t)walk_out};

    for (unsigned i = 0; i < 4; i++) {
        command[2 + i] = (uint8_t)(size >> (24 - 8 * i));
        command[6 + i] = (uint8_t)(code >> (24 - 8 * i));
        for (unsigned w = 0; w < words; w++)
            command[10 + 4 * w + i] = (uint8_t)(word[w] >> (24 - 8 * i));
    }
    long ret;
    do
        ret = walk_bulkhead(BH_TPM_COMMAND, &op);
    while (ret == -XEN_EAGAIN);
    return ret;
}
#define TPM(name, code, ...)                                                                                           \
    static long call_tpm_##name(void)                                                                                  \
    {                                                                                                                  \
        static const uint32_t words[] = {__VA_ARGS__};                                                                 \
        return tpm(code, RT_ARRAY_SIZE(words), words);                                                                 \
    }
TPM(read, 0x17a, 6, 0x100, 1) /* GetCapability, TPM properties */

/* GetRandom has a parameter of two bytes. */
static long call_tpm_random(void)
{
    uint8_t command[12] = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, 8};
    struct bh_tpm_command op = {.command = (uint64_t)command,
                                .command_size = sizeof(command),
                                .response_size = 512,
                                .response = (uint64_t)walk_out};
    long ret;

    do
        ret = walk_bulkhead(BH_TPM_COMMAND, &op);
    while (ret == -XEN_EAGAIN);
    return ret;
}

TPM(quote, 0x158, 0x81000001)                /* Quote by a key that need not be there */
TPM(key, 0x165, 0x80000000)                  /* FlushContext of a transient object */
TPM(activate, 0x176, 0x40000007, 0x40000007) /* StartAuthSession, cut: the TPM answers with an error */

static long call_mm_audit(void)
{
    struct bh_mm_audit op = {.domid = DOMID_SELF};

    return walk_bulkhead(BH_MM_AUDIT, &op);
}

static long call_peer_mm_audit(void)
{
    struct bh_mm_audit op = {.domid = walk_child};

    return walk_bulkhead(BH_MM_AUDIT, &op);
}

/* --- Policy --- */
static long call_stage(void)
{
    struct bh_policy_stage op = {.total = 4096, .size = 64, .data = (uint64_t)byte};

    return walk_bulkhead(BH_POLICY_STAGE, &op);
}

/* Nothing sensible is staged: an allowed call says so. */
static long call_commit(void)
{
    struct bh_policy_commit op = {.flags = BH_POLICY_DRY};

    return walk_bulkhead(BH_POLICY_COMMIT, &op);
}

const struct walk_row walk_domain[OPERATION_COUNT] = {
    [OP_BH_DOM_CREATE] = {.call = call_create, .state = domains, .undo = no_second},
    [OP_BH_DOM_LOAD] = {.call = call_load, .prepare = fresh, .undo = renew},
    [OP_BH_DOM_BUILD] = {.call = call_build, .state = child_state, .prepare = loaded, .undo = renew},
    [OP_BH_DOM_UNPAUSE] = {.call = call_unpause, .state = child_state, .prepare = paused, .undo = renew},
    [OP_BH_DOM_PAUSE] = {.call = call_pause, .state = child_state, .prepare = running, .undo = renew},
    [OP_BH_DOM_DESTROY] = {.call = call_destroy, .state = domains, .undo = gone},
    [OP_BH_DOM_INFO] = {.call = call_info, .state = walk_answered, .prepare = info_arguments, .refused = -XEN_ESRCH},
    [OP_BH_DOM_SCHED] = {.call = call_sched, .state = child_weight},
    [OP_SCHEDOP_remote_shutdown] = {.call = call_remote_shutdown,
                                    .state = child_state,
                                    .prepare = running,
                                    .undo = renew},
    [OP_BH_PLATFORM_INFO] = {.call = call_platform, .state = walk_answered},
    [OP_BH_AUDIT_READ] = {.call = call_audit_read, .state = walk_answered},
    [OP_BH_DMESG_READ] = {.call = call_dmesg, .state = walk_answered},
    [OP_BH_EVENTLOG_READ] = {.call = call_eventlog},
    [OP_BH_POLICY_READ] = {.call = call_policy_read, .state = walk_answered},
    [OP_BH_REPORT] = {.call = call_report, .want = -XEN_ENODEV},
    [OP_BH_EVIDENCE_PUT] = {.call = call_evidence_put, .state = evidence_size},
    [OP_BH_EVIDENCE_GET] = {.call = call_evidence_get},
    [OP_BH_EXTEND] = {.call = call_extend, .state = walk_answered},
    [OP_BH_REPORT_CHECK] = {.call = call_check, .want = -XEN_ENODEV},
    [OP_BH_SEAL_KEY] = {.call = call_seal_key, .want = -XEN_ENODEV},
    [OP_BH_SEAL_COUNTER] = {.call = call_seal_counter, .want = -XEN_ENODEV},
    [OP_BH_TPM_COMMAND] = {.call = call_tpm_read, .want = -XEN_ENODEV},
    [OP_BH_TPM_COMMAND_random] = {.call = call_tpm_random, .want = -XEN_ENODEV},
    [OP_BH_TPM_COMMAND_quote] = {.call = call_tpm_quote, .want = -XEN_ENODEV},
    [OP_BH_TPM_COMMAND_key] = {.call = call_tpm_key, .want = -XEN_ENODEV},
    [OP_BH_TPM_COMMAND_activate] = {.call = call_tpm_activate, .want = -XEN_ENODEV},
    [OP_BH_MM_AUDIT] = {.call = call_mm_audit, .want = -XEN_ENOSYS},
    [OP_BH_MM_AUDIT_peer] = {.call = call_peer_mm_audit, .want = -XEN_ENOSYS},
    [OP_BH_POLICY_STAGE] = {.call = call_stage},
    [OP_BH_POLICY_COMMIT] = {.call = call_commit, .want = -XEN_EINVAL},
};
