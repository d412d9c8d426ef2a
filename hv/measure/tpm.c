/* SPDX-License-Identifier: MIT */
#include "hv.h"
#include "measure/tpm.h"
#include "measure/measure_lock.h"
#include "measure/measure_state.h"
#include "measure/seal.h"
#include "measure/tpm_bus.h"
#include "measure/tpm_cmd.h"
#include "measure/tpm_link.h"
#include "measure/tpm_queue.h"
#include "cpu/io.h"
#include "time/timer.h"
#include <tss2/tss2_tpm2_types.h>

#define SECOND         1000000000ull
#define START_BUDGET   (30 * SECOND)
#define GUEST_LIMIT    (120 * SECOND) /* making an RSA key takes long on some TPMs */
#define EXTEND_LIMIT   (10 * SECOND)
#define CANCEL_LIMIT   (10 * SECOND)
#define STEPS_PER_PUMP 4
#define PUMP_PERIOD    (SECOND / 1000)
#define CHARGE_MAX     (SECOND / 10) /* of the time between two pumps: the rest is no fault of the TPM's */

enum link_user { USER_NONE, USER_HV, USER_COUNTER, USER_GUEST };

static const struct tpm_interface *tpm_if; /* NULL: no TPM, or given up */
static struct tpm_link tpm_link;
static enum link_user link_user;
static ns_t link_spent, link_limit; /* of the command under way */
static ns_t link_pumped;
static bool link_late;
static struct timer pump_timer;
static uint32_t pump_misses;
static bool guest_next; /* counters had the last turn */
static ns_t start_budget = START_BUDGET;
static uint8_t link_data[TPM_BUFFER_MAX];

static int give_up(const char *why)
{
    printk("TPM: %s: given up\n", why);
    tpm_if = NULL;
    return -XEN_EIO;
}

/* Runs the command in link_data to its end; the response's size, or -EIO. */
static int run(unsigned int locality, size_t len)
{
    ns_t begun = now_ns(), spent = 0;
    int rc;

    if (!tpm_if) return -XEN_EIO;
    tpm_link_start(&tpm_link, locality, link_data, len);
    while ((rc = tpm_if->step(&tpm_link)) == -XEN_EAGAIN) {
        spent = now_ns() - begun;
        if (spent > start_budget) {
            tpm_if->abort(&tpm_link);
            return give_up("no answer");
        }
        cpu_relax();
    }
    start_budget -= MIN(spent, start_budget);
    return rc;
}

/* The same, again and again while the TPM says that it is not ready yet. */
int64_t tpm_start_call(unsigned int locality, const uint8_t *cmd, size_t len, uint8_t **rsp, size_t *rsp_len)
{
    int64_t code;
    int rc;

    *rsp = link_data;
    do {
        memcpy(link_data, cmd, len);
        rc = run(locality, len);
        if (rc < 0) return rc;
        *rsp_len = rc;
        code = tpm_cmd_response(link_data, rc);
    } while (tpm_cmd_not_yet(code));
    return code;
}

int tpm_init(void)
{
    uint8_t cmd[TPM_CMD_MAX];
    uint8_t *rsp;
    size_t rsp_len;
    int64_t code;

    if (tpm_bus_foreign()) {
        printk("TPM: start method %u is not driven, only FIFO (6) and CRB (7) at the standard address\n",
               tpm_bus_foreign());
        return -XEN_EIO;
    }
    tpm_bus_init();
    tpm_if = tpm_crb.probe() ? &tpm_crb : tpm_tis.probe() ? &tpm_tis : NULL;
    if (!tpm_if) return -XEN_ENODEV;
    /* Firmware has done this where there is firmware: then the TPM says that it is initialised. */
    code = tpm_start_call(TPM_LOCALITY_GUEST, cmd, tpm_cmd_startup(cmd), &rsp, &rsp_len);
    if ((code != 0 && code != TPM2_RC_INITIALIZE) || rsp_len != TPM_HEADER) return give_up("it does not start up");
    printk("TPM: %s interface%s\n", tpm_if->name, tpm_has_hv_locality() ? "" : ", without locality 2");
    return 0;
}

int tpm_random(uint8_t out[32])
{
    uint8_t cmd[TPM_CMD_MAX];
    uint8_t *rsp;
    size_t rsp_len;
    int n = -XEN_EIO;

    for (size_t got = 0; got < 32; got += n) {
        if (tpm_start_call(TPM_LOCALITY_GUEST, cmd, tpm_cmd_get_random(cmd, 32 - got), &rsp, &rsp_len) != 0)
            return -XEN_EIO;
        n = tpm_cmd_random_response(link_data, rsp_len, out + got, 32 - got);
        wipe(link_data, rsp_len);
        if (n < 0) return n;
    }
    return 0;
}

int tpm_pcr_read(unsigned int pcr, uint8_t out[32])
{
    uint8_t cmd[TPM_CMD_MAX];
    uint8_t *rsp;
    size_t rsp_len;

    if (tpm_start_call(TPM_LOCALITY_GUEST, cmd, tpm_cmd_pcr_read(cmd, pcr), &rsp, &rsp_len) != 0) return -XEN_EIO;
    return tpm_cmd_pcr_response(link_data, rsp_len, pcr, out);
}

int tpm_pcr_extend(unsigned int pcr, const uint8_t digest[32])
{
    uint8_t cmd[TPM_CMD_MAX];
    uint8_t *rsp;
    size_t rsp_len;

    if (tpm_start_call(TPM_LOCALITY_HV, cmd, tpm_cmd_pcr_extend(cmd, pcr, digest), &rsp, &rsp_len) != 0)
        return -XEN_EIO;
    return rsp_len == TPM_EXTEND_RESPONSE ? 0 : -XEN_EIO;
}

bool tpm_has_hv_locality(void)
{
    return tpm_if && tpm_if->has_locality(TPM_LOCALITY_HV);
}

bool tpm_alive(void)
{
    return tpm_if != NULL;
}

static void begin(enum link_user user, unsigned int locality, size_t len, ns_t limit)
{
    link_user = user;
    link_late = false;
    link_spent = 0;
    link_limit = limit;
    link_pumped = now_ns();
    tpm_link_start(&tpm_link, locality, link_data, len);
}

/* Takes the next command from the queues, the hypervisor's first. */
static void begin_next(void)
{
    unsigned int locality;
    size_t len;

    if ((len = tpm_queue_own(link_data, &locality))) {
        begin(USER_HV, locality, len, EXTEND_LIMIT);
    } else if ((!guest_next || !tpm_queue_guest_waits()) && (len = seal_counter_next(link_data))) {
        guest_next = true;
        begin(USER_COUNTER, TPM_LOCALITY_HV, len, EXTEND_LIMIT);
    } else if ((len = tpm_queue_guest(link_data))) {
        guest_next = false;
        begin(USER_GUEST, TPM_LOCALITY_GUEST, len, GUEST_LIMIT);
    }
}

static void own_answered(int rc)
{
    if (!tpm_queue_own_answered(link_data, rc))
        printk("TPM: PCR 21 or 22 is not what was extended (a reset, or it broke): from here on nothing is measured\n");
}

static void finished(int rc)
{
    enum link_user user = link_user;

    link_user = USER_NONE;
    if (user == USER_HV) {
        own_answered(rc);
    } else if (user == USER_COUNTER) {
        seal_counter_answered(link_data, rc);
        wipe(link_data, TPM_CMD_MAX); /* the counter's password */
    } else if (tpm_queue_guest_answered(link_data, rc, now_ns())) {
        measure_look(0);
    }
    if (tpm_if) begin_next();
}

/* Late: it is asked to cancel; if it does not even do that in time, it is beyond help. */
static void overdue(void)
{
    if (!link_late) {
        link_late = true;
        tpm_if->cancel(&tpm_link);
        link_spent = 0;
        link_limit = CANCEL_LIMIT;
        return;
    }
    tpm_if->abort(&tpm_link);
    give_up("no answer");
    finished(-XEN_EIO);
}

static void step(void)
{
    int rc = -XEN_EAGAIN;
    ns_t now;

    if (link_user == USER_GUEST && tpm_queue_guest_unwanted()) tpm_if->cancel(&tpm_link);
    for (int i = 0; i < STEPS_PER_PUMP && rc == -XEN_EAGAIN; i++)
        rc = tpm_if->step(&tpm_link);
    if (rc != -XEN_EAGAIN) {
        finished(rc);
        return;
    }
    now = now_ns();
    link_spent += now > link_pumped ? MIN(now - link_pumped, CHARGE_MAX) : 0;
    link_pumped = now;
    if (link_spent > link_limit) overdue();
}

/* While there is a command, somebody pumps: here, where no guest calls. */
static void pump_due(void *arg)
{
    if (!measure_lock_soon(&pump_misses)) {
        timer_set(&pump_timer, now_ns() + PUMP_PERIOD);
        return;
    }
    tpm_pump();
    spin_unlock(&measure_lock);
}

void tpm_pump(void)
{
    while (!tpm_if && tpm_extends_left())
        own_answered(-XEN_EIO); /* given up: nothing that waits will ever be done */
    if (!tpm_if) return;
    if (link_user == USER_NONE) begin_next();
    if (link_user != USER_NONE) step();
    if (link_user == USER_NONE) return;
    if (!pump_timer.fn) timer_init(&pump_timer, pump_due, NULL);
    timer_set(&pump_timer, now_ns() + PUMP_PERIOD);
}
