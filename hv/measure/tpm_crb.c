/* SPDX-License-Identifier: MIT */
/* The command response buffer interface (PC Client Platform TPM Profile 1.05, section 6.5.3), with the buffers in the
 * locality's own page behind its registers, as start method 7 of the ACPI table has them. */
#include "measure/tpm_link.h"
#include "measure/tpm_bus.h"
#include "measure/tpm_cmd.h"
#include "types.h"

#define REG_LOC_STATE 0x00
#define REG_LOC_CTRL  0x08
#define REG_IF_ID     0x30
#define REG_REQ       0x40
#define REG_STS       0x44
#define REG_CANCEL    0x48
#define REG_START     0x4c
#define REG_CMD       0x58 /* u32 size, u64 address */
#define REG_RSP_SIZE  0x64
#define REG_RSP       0x68 /* u64 address */
#define REG_DATA      0x80
#define DATA_MAX      (PAGE_SIZE - REG_DATA)

#define LOC_ASSIGNED    0x02u
#define LOC_ACTIVE(s)   ((s) >> 2 & 7)
#define LOC_VALID       0x80u
#define LOC_REQUEST     1u
#define LOC_RELINQUISH  2u
#define IF_CRB          1u     /* low four bits of the interface identifier */
#define IF_CAP_LOCALITY 0x100u /* five of them; else 0 alone */
#define REQ_READY       1u
#define REQ_IDLE        2u
#define STS_FATAL       1u
#define STS_IDLE        2u

/* A register of a device that is gone, or never was, reads as ones; no live one does. */
static bool gone(uint32_t v)
{
    return v == 0xffffffffu;
}

static void let_go(unsigned int locality)
{
    tpm_bus_write32(locality, REG_CANCEL, 0);
    tpm_bus_write32(locality, REG_REQ, REQ_IDLE);
    tpm_bus_write32(locality, REG_LOC_CTRL, LOC_RELINQUISH);
}

static bool crb_probe(void)
{
    uint32_t id = tpm_bus_read32(0, REG_IF_ID), state = tpm_bus_read32(0, REG_LOC_STATE);

    if (gone(id) || (id & 0xf) != IF_CRB || !(state & LOC_VALID)) return false;
    if ((state & LOC_ASSIGNED) && LOC_ACTIVE(state) < TPM_BUS_LOCALITIES) let_go(LOC_ACTIVE(state));
    return true;
}

static bool crb_has_locality(unsigned int locality)
{
    uint32_t state = tpm_bus_read32(locality, REG_LOC_STATE);

    return !locality || ((tpm_bus_read32(0, REG_IF_ID) & IF_CAP_LOCALITY) && !gone(state) && (state & LOC_VALID));
}

static void crb_abort(struct tpm_link *l)
{
    let_go(l->locality);
    l->state = LINK_IDLE;
}

static int broken(struct tpm_link *l)
{
    crb_abort(l);
    return -XEN_EIO;
}

/* The buffers' size: 0 where they do not lie where this driver looks for them. The page bounds what is believed. */
static size_t buffer_size(unsigned int l)
{
    uint64_t at = TPM_BUS_BASE + l * PAGE_SIZE + REG_DATA;

    if (tpm_bus_read32(l, REG_CMD + 4) != at || tpm_bus_read32(l, REG_CMD + 8) || tpm_bus_read32(l, REG_RSP) != at ||
        tpm_bus_read32(l, REG_RSP + 4))
        return 0;
    return MIN(MIN(tpm_bus_read32(l, REG_CMD), tpm_bus_read32(l, REG_RSP_SIZE)), DATA_MAX);
}

static int get_locality(struct tpm_link *l)
{
    uint32_t s = tpm_bus_read32(l->locality, REG_LOC_STATE);

    if (gone(s)) return broken(l);
    if ((s & (LOC_VALID | LOC_ASSIGNED)) == (LOC_VALID | LOC_ASSIGNED) && LOC_ACTIVE(s) == l->locality) {
        tpm_bus_write32(l->locality, REG_REQ, REQ_READY);
        l->state = LINK_READY;
    } else if (s & LOC_VALID) {
        tpm_bus_write32(l->locality, REG_LOC_CTRL, LOC_REQUEST);
    }
    return -XEN_EAGAIN;
}

/* It takes the request back when it has done as asked. */
static int wait_ready(struct tpm_link *l, uint32_t sts)
{
    if (tpm_bus_read32(l->locality, REG_REQ) || (sts & STS_IDLE)) return -XEN_EAGAIN;
    if (buffer_size(l->locality) < l->len) return broken(l);
    l->state = LINK_SEND;
    return -XEN_EAGAIN;
}

static int send(struct tpm_link *l)
{
    for (size_t n = MIN(l->len - l->at, (size_t)TPM_LINK_BURST); n; n--, l->at++)
        tpm_bus_write8(l->locality, REG_DATA + l->at, l->data[l->at]);
    if (l->at < l->len) return -XEN_EAGAIN;
    tpm_bus_write32(l->locality, REG_START, 1);
    l->state = LINK_RUN;
    return -XEN_EAGAIN;
}

static int wait_result(struct tpm_link *l)
{
    uint32_t start = tpm_bus_read32(l->locality, REG_START);

    if (gone(start)) return broken(l);
    if (!start) {
        l->at = 0;
        l->len = TPM_HEADER;
        l->state = LINK_RECEIVE;
    }
    return -XEN_EAGAIN;
}

/* The header first: it says how long the whole is. */
static int receive(struct tpm_link *l)
{
    for (size_t n = MIN(l->len - l->at, (size_t)TPM_LINK_BURST); n; n--, l->at++)
        l->data[l->at] = tpm_bus_read8(l->locality, REG_DATA + l->at);
    if (l->at < l->len) return -XEN_EAGAIN;
    if (l->at == TPM_HEADER) {
        l->len = tpm_cmd_u32(l->data + 2);
        if (l->len < TPM_HEADER || l->len > buffer_size(l->locality)) return broken(l);
    }
    if (l->at < l->len) return -XEN_EAGAIN;
    crb_abort(l);
    return l->len;
}

static int crb_step(struct tpm_link *l)
{
    uint32_t sts;

    if (l->state == LINK_LOCALITY) return get_locality(l);
    sts = tpm_bus_read32(l->locality, REG_STS);
    if (gone(sts) || (sts & STS_FATAL)) return broken(l);
    switch (l->state) {
    case LINK_READY:
        return wait_ready(l, sts);
    case LINK_SEND:
        return send(l);
    case LINK_RUN:
        return wait_result(l);
    case LINK_RECEIVE:
        return receive(l);
    default:
        return broken(l);
    }
}

static void crb_cancel(struct tpm_link *l)
{
    if (l->state != LINK_RUN || l->cancelled) return;
    tpm_bus_write32(l->locality, REG_CANCEL, 1);
    l->cancelled = true;
}

const struct tpm_interface tpm_crb = {"CRB", crb_probe, crb_has_locality, crb_step, crb_cancel, crb_abort};
