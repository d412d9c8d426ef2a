/* SPDX-License-Identifier: MIT */
#include "measure/tpm_queue.h"
#include "measure/tpm.h"
#include "measure/tpm_cmd.h"
#include "lib.h"
#include "time/clock.h"

#define EXTENDS_MAX 16
#define CLAIM_LIMIT 1000000000ull /* a response that nobody fetches blocks others no longer than that */

static struct {
    unsigned int pcr;
    uint8_t digest[32];
} extends[EXTENDS_MAX];
static unsigned int extends_first, extends_count;
static bool extends_failed;

static struct {
    enum { GUEST_FREE, GUEST_WAITING, GUEST_RUNNING, GUEST_ANSWERED } state;
    uint32_t domid;
    bool unwanted;
    size_t len;
    long answer; /* size of the response, or negative errno */
    ns_t answered;
} guest;
static uint8_t guest_command[TPM_BUFFER_MAX], guest_response[TPM_BUFFER_MAX];

int tpm_extend_later(unsigned int pcr, const uint8_t digest[32])
{
    unsigned int at = (extends_first + extends_count) % EXTENDS_MAX;

    if (extends_count == EXTENDS_MAX) return -XEN_EBUSY;
    extends[at].pcr = pcr;
    memcpy(extends[at].digest, digest, 32);
    extends_count++;
    return 0;
}

bool tpm_extends_good(void)
{
    return !extends_failed;
}

bool tpm_extends_left(void)
{
    return extends_count;
}

size_t tpm_queue_extend(uint8_t *out)
{
    if (!extends_count) return 0;
    return tpm_cmd_pcr_extend(out, extends[extends_first].pcr, extends[extends_first].digest);
}

void tpm_queue_extended(bool good)
{
    extends_first = (extends_first + 1) % EXTENDS_MAX;
    extends_count--;
    extends_failed |= !good;
}

bool tpm_queue_guest_waits(void)
{
    return guest.state == GUEST_WAITING;
}

size_t tpm_queue_guest(uint8_t *out)
{
    if (guest.state != GUEST_WAITING) return 0;
    memcpy(out, guest_command, guest.len);
    guest.state = GUEST_RUNNING;
    return guest.len;
}

void tpm_queue_guest_answered(const uint8_t *rsp, int rc, ns_t now)
{
    if (guest.unwanted) {
        guest.state = GUEST_FREE;
        return;
    }
    if (rc > 0) memcpy(guest_response, rsp, rc);
    guest.state = GUEST_ANSWERED;
    guest.answer = rc;
    guest.answered = now;
}

bool tpm_queue_guest_unwanted(void)
{
    return guest.unwanted;
}

static bool same_command(uint32_t domid, const uint8_t *cmd, size_t len)
{
    return guest.state != GUEST_FREE && !guest.unwanted && guest.domid == domid && guest.len == len &&
           memcmp(guest_command, cmd, len) == 0;
}

static long submit(uint32_t domid, const uint8_t *cmd, size_t len)
{
    if (!tpm_alive()) return -XEN_ENODEV;
    if (guest.state == GUEST_WAITING || guest.state == GUEST_RUNNING ||
        (guest.state == GUEST_ANSWERED && now_ns() - guest.answered < CLAIM_LIMIT))
        return -XEN_EBUSY;
    memcpy(guest_command, cmd, len);
    guest.domid = domid;
    guest.len = len;
    guest.unwanted = false;
    guest.state = GUEST_WAITING;
    tpm_pump();
    return -XEN_EAGAIN;
}

long tpm_guest_call(uint32_t domid, const uint8_t *cmd, size_t len, const uint8_t **rsp)
{
    tpm_pump();
    if (!same_command(domid, cmd, len)) return submit(domid, cmd, len);
    if (guest.state == GUEST_WAITING && !tpm_alive()) {
        guest.state = GUEST_FREE;
        return -XEN_ENODEV;
    }
    if (guest.state != GUEST_ANSWERED) return -XEN_EAGAIN;
    if (guest.answer < 0) guest.state = GUEST_FREE;
    *rsp = guest_response;
    return guest.answer;
}

void tpm_guest_done(void)
{
    guest.state = GUEST_FREE;
}

void tpm_guest_forget(uint32_t domid)
{
    if (guest.state == GUEST_FREE || guest.domid != domid) return;
    if (guest.state == GUEST_RUNNING)
        guest.unwanted = true; /* the link holds a copy of it: the pump cancels it */
    else
        guest.state = GUEST_FREE;
}
