/* SPDX-License-Identifier: MIT */
/* The FIFO interface (PC Client Platform TPM Profile 1.05, section 6.5.2). */
#include "measure/tpm_link.h"
#include "measure/tpm_bus.h"
#include "measure/tpm_cmd.h"
#include "types.h"

#define REG_ACCESS  0x00
#define REG_STS     0x18
#define REG_FIFO    0x24
#define REG_DID_VID 0xf00
#define REG_IF_ID   0x30

#define ACCESS_VALID   0x80u
#define ACCESS_ACTIVE  0x20u /* written: let go */
#define ACCESS_REQUEST 0x02u
#define STS_VALID      0x80u
#define STS_READY      0x40u /* written: abort, become ready */
#define STS_GO         0x20u
#define STS_DATA       0x10u
#define STS_EXPECT     0x08u
#define STS_CANCEL     (1u << 24)
#define STS_BURST(s)   ((s) >> 8 & 0xffff)
#define IF_CRB         1u /* low four bits of the interface identifier */

/* A register of a device that is gone, or never was, reads as ones; no live one does. */
static bool gone(uint32_t sts)
{
    return sts == 0xffffffffu;
}

static void let_go(unsigned int locality)
{
    tpm_bus_write8(locality, REG_ACCESS, ACCESS_ACTIVE);
}

static bool tis_probe(void)
{
    uint32_t id = tpm_bus_read32(0, REG_DID_VID);

    if (id == 0 || id == 0xffffffffu || tpm_bus_read8(0, REG_ACCESS) == 0xff ||
        (tpm_bus_read32(0, REG_IF_ID) & 0xf) == IF_CRB)
        return false;
    for (unsigned int l = 0; l < TPM_BUS_LOCALITIES - 1; l++) {
        if (!(tpm_bus_read8(l, REG_ACCESS) & ACCESS_ACTIVE)) continue;
        tpm_bus_write32(l, REG_STS, STS_READY);
        let_go(l);
    }
    return true;
}

static bool tis_has_locality(unsigned int locality)
{
    uint8_t a = tpm_bus_read8(locality, REG_ACCESS);

    return a != 0xff && (a & ACCESS_VALID);
}

static void tis_abort(struct tpm_link *l)
{
    tpm_bus_write32(l->locality, REG_STS, STS_READY);
    let_go(l->locality);
    l->state = LINK_IDLE;
}

static int broken(struct tpm_link *l)
{
    tis_abort(l);
    return -XEN_EIO;
}

static int get_locality(struct tpm_link *l)
{
    uint8_t a = tpm_bus_read8(l->locality, REG_ACCESS);

    if (a == 0xff) return broken(l);
    if ((a & (ACCESS_VALID | ACCESS_ACTIVE)) == (ACCESS_VALID | ACCESS_ACTIVE)) {
        tpm_bus_write32(l->locality, REG_STS, STS_READY);
        l->state = LINK_READY;
    } else if ((a & ACCESS_VALID) && !(a & ACCESS_REQUEST)) {
        tpm_bus_write8(l->locality, REG_ACCESS, ACCESS_REQUEST);
    }
    return -XEN_EAGAIN;
}

static int wait_ready(struct tpm_link *l, uint32_t sts)
{
    if (sts & STS_READY) l->state = LINK_SEND;
    return -XEN_EAGAIN;
}

/* All but the last byte: while that is missing, the TPM must expect more. */
static int send(struct tpm_link *l, uint32_t sts)
{
    size_t n = MIN(MIN(STS_BURST(sts), l->len - 1 - l->at), (size_t)TPM_LINK_BURST);

    while (n--)
        tpm_bus_write8(l->locality, REG_FIFO, l->data[l->at++]);
    if (l->at == l->len - 1) l->state = LINK_LAST;
    return -XEN_EAGAIN;
}

static int send_last(struct tpm_link *l, uint32_t sts)
{
    if (!(sts & STS_VALID) || !STS_BURST(sts)) return -XEN_EAGAIN;
    if (!(sts & STS_EXPECT)) return broken(l);
    tpm_bus_write8(l->locality, REG_FIFO, l->data[l->at++]);
    l->state = LINK_GO;
    return -XEN_EAGAIN;
}

static int go(struct tpm_link *l, uint32_t sts)
{
    if (!(sts & STS_VALID)) return -XEN_EAGAIN;
    if (sts & STS_EXPECT) return broken(l);
    tpm_bus_write32(l->locality, REG_STS, STS_GO);
    l->state = LINK_RUN;
    return -XEN_EAGAIN;
}

static int wait_result(struct tpm_link *l, uint32_t sts)
{
    if ((sts & (STS_VALID | STS_DATA)) == (STS_VALID | STS_DATA)) {
        l->at = 0;
        l->len = TPM_HEADER;
        l->state = LINK_RECEIVE;
    }
    return -XEN_EAGAIN;
}

/* The header first: it says how long the whole is. */
static int receive(struct tpm_link *l, uint32_t sts)
{
    size_t n = MIN(MIN(STS_BURST(sts), l->len - l->at), (size_t)TPM_LINK_BURST);

    while (n--)
        l->data[l->at++] = tpm_bus_read8(l->locality, REG_FIFO);
    if (l->at < l->len) return -XEN_EAGAIN;
    if (l->at == TPM_HEADER) {
        l->len = tpm_cmd_u32(l->data + 2);
        if (l->len < TPM_HEADER || l->len > TPM_BUFFER_MAX) return broken(l);
    }
    if (l->at == l->len) l->state = LINK_END;
    return -XEN_EAGAIN;
}

/* Data beyond the size that the response says of itself: then it is not what it says. */
static int end(struct tpm_link *l, uint32_t sts)
{
    if (!(sts & STS_VALID)) return -XEN_EAGAIN;
    if (sts & STS_DATA) return broken(l);
    tis_abort(l);
    return l->len;
}

static int tis_step(struct tpm_link *l)
{
    uint32_t sts;

    if (l->state == LINK_LOCALITY) return get_locality(l);
    sts = tpm_bus_read32(l->locality, REG_STS);
    if (gone(sts)) return broken(l);
    switch (l->state) {
    case LINK_READY:
        return wait_ready(l, sts);
    case LINK_SEND:
        return send(l, sts);
    case LINK_LAST:
        return send_last(l, sts);
    case LINK_GO:
        return go(l, sts);
    case LINK_RUN:
        return wait_result(l, sts);
    case LINK_RECEIVE:
        return receive(l, sts);
    case LINK_END:
        return end(l, sts);
    default:
        return broken(l);
    }
}

static void tis_cancel(struct tpm_link *l)
{
    if (l->state != LINK_RUN || l->cancelled) return;
    tpm_bus_write32(l->locality, REG_STS, STS_CANCEL);
    l->cancelled = true;
}

const struct tpm_interface tpm_tis = {"FIFO", tis_probe, tis_has_locality, tis_step, tis_cancel, tis_abort};
