/* SPDX-License-Identifier: MIT */
#include "measure/tpm_queue.h"
#include "measure/tpm.h"
#include "measure/tpm_cmd.h"
#include "lib.h"
#include "time/clock.h"
#include <tss2/tss2_tpm2_types.h>

#define OWN_MAX     32
#define PATIENCE    45000000000ull /* in time, not in tries: their pace is everybody's */
#define CLAIM_LIMIT 1000000000ull  /* a response that nobody fetches blocks others no longer than that */

/* First the extend, then the look. */
static struct own {
    unsigned int pcr;
    bool extend;
    ns_t since; /* the TPM is not ready for it; 0: nobody said so */
    uint8_t digest[32], value[32];
} own[OWN_MAX];
static unsigned int own_first, own_count;
static bool own_failed;

static struct {
    enum { GUEST_FREE, GUEST_WAITING, GUEST_RUNNING, GUEST_ANSWERED } state;
    uint32_t domid;
    bool unwanted;
    size_t len;
    long answer; /* size of the response, or negative errno */
    ns_t answered;
} guest;
static uint8_t guest_command[TPM_BUFFER_MAX], guest_response[TPM_BUFFER_MAX];

bool tpm_patience(ns_t *since)
{
    ns_t now = now_ns();

    if (!*since) *since = now;
    return !clock_past(*since, now, PATIENCE);
}

static struct own *add(unsigned int pcr, const uint8_t value[32])
{
    struct own *o = &own[(own_first + own_count) % OWN_MAX];

    if (own_count == OWN_MAX) return NULL;
    own_count++;
    memset(o, 0, sizeof(*o));
    o->pcr = pcr;
    memcpy(o->value, value, 32);
    return o;
}

int tpm_extend_later(unsigned int pcr, const uint8_t digest[32], const uint8_t value[32])
{
    struct own *o = own_count + 2 <= OWN_MAX ? add(pcr, value) : NULL;

    if (!o) return -XEN_EBUSY;
    o->extend = true;
    memcpy(o->digest, digest, 32);
    return 0;
}

void tpm_check_later(unsigned int pcr, const uint8_t value[32])
{
    add(pcr, value);
}

bool tpm_extends_good(void)
{
    return !own_failed;
}

bool tpm_extends_left(void)
{
    return own_count;
}

size_t tpm_queue_own(uint8_t *out, unsigned int *locality)
{
    const struct own *o = &own[own_first];

    if (!own_count) return 0;
    *locality = o->extend ? TPM_LOCALITY_HV : TPM_LOCALITY_GUEST;
    return o->extend ? tpm_cmd_pcr_extend(out, o->pcr, o->digest) : tpm_cmd_pcr_read(out, o->pcr);
}

static bool as_it_has_to_be(const struct own *o, const uint8_t *rsp, int rc, int64_t code)
{
    uint8_t value[32];

    if (code != 0) return false;
    return o->extend || (tpm_cmd_pcr_response(rsp, rc, o->pcr, value) == 0 && memcmp(value, o->value, 32) == 0);
}

bool tpm_queue_own_answered(const uint8_t *rsp, int rc)
{
    struct own *o = &own[own_first];
    int64_t code = rc < 0 ? rc : tpm_cmd_response(rsp, rc);
    bool held = !own_failed;

    if ((tpm_cmd_not_yet(code) || code == TPM2_RC_CANCELED) && tpm_patience(&o->since)) return true;
    own_failed |= !as_it_has_to_be(o, rsp, rc, code);
    if (o->extend && !own_failed) {
        o->extend = false;
        o->since = 0;
        return true;
    }
    own_first = (own_first + 1) % OWN_MAX;
    own_count--;
    return !held || !own_failed;
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

/* Whoever quotes learns what the TPM says of this boot; a TPM that was not started up since a reset tells everybody.
 * Here, not when the answer is fetched: nobody has to fetch it. */
bool tpm_queue_guest_answered(const uint8_t *rsp, int rc, ns_t now)
{
    guest.state = guest.unwanted ? GUEST_FREE : GUEST_ANSWERED;
    if (rc > 0) memcpy(guest_response, rsp, rc);
    guest.answer = rc;
    guest.answered = now;
    return tpm_cmd_u32(guest_command + 6) == TPM2_CC_Quote ||
           (rc > 0 && tpm_cmd_response(rsp, rc) == TPM2_RC_INITIALIZE);
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
