/* SPDX-License-Identifier: MIT */
/* The root, from the TPM to the vault. No domain can follow the same way: nothing on the allow-list (tpm_allow.c) uses
 * a key of this kind, PolicyPCR and PolicyLocality are not on it, and domains' commands run at locality 0, which the
 * key's policy refuses. Another system on this machine has other PCRs. */
#include "measure/seal.h"
#include "measure/arena.h"
#include "measure/crypto.h"
#include "measure/measure.h"
#include "measure/seal_cmd.h"
#include "measure/stack_wipe.h"
#include "measure/tpm.h"
#include "console.h"
#include "lib.h"
#include "mbedtls/md.h"
#include <tss2/tss2_tpm2_types.h>

/* At the vault's end: the signer leaves it alone. */
struct seal_vault {
    uint8_t root[32];
    uint8_t arena[SEAL_VAULT_SIZE - 32] __aligned(16);
};
BUILD_ASSERT(sizeof(struct seal_vault) == SEAL_VAULT_SIZE);

#define FIRMWARE_PCRS (1u << 0 | 1u << 2 | 1u << 7) /* its code, option ROMs, Secure Boot's state */
#define BOOT_PCRS     (1u << 4 | 1u << 8 | 1u << 9)
#define DRTM_PCRS     (1u << 17 | 1u << 18)

static bool available;

static struct seal_vault *enter(void)
{
    return (struct seal_vault *)((char *)vault_enter() + VAULT_SIZE - SEAL_VAULT_SIZE);
}

static void leave(void)
{
    stack_wipe();
    vault_leave();
}

bool seal_available(void)
{
    return available;
}

void seal_derive(const void *data, size_t len, uint8_t out[32])
{
    struct seal_vault *v = enter();

    arena_use(arena_init(v->arena, sizeof(v->arena)));
    if (mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), v->root, sizeof(v->root), data, len, out))
        panic("HMAC"); /* no memory in an empty arena: cannot be */
    arena_done();
    leave();
}

/* A register of the chain that nobody extended says nothing of who booted. QEMU's own loader leaves them so: debug
 * builds bear it. */
static int read_policy(struct seal_policy *p, bool late_launch)
{
    static const uint8_t untouched[32];
    struct sha256_state s;
    uint8_t value[32];

    p->pcrs = FIRMWARE_PCRS | BOOT_PCRS | (late_launch ? DRTM_PCRS : 0);
    sha256_start(&s);
    for (unsigned int pcr = 0; pcr < 24; pcr++) {
        if (!(p->pcrs & 1u << pcr)) continue;
        if (tpm_pcr_read(pcr, value)) return -XEN_EIO;
        if (!HV_DEBUG && !(FIRMWARE_PCRS & 1u << pcr) && memcmp(value, untouched, 32) == 0) return -XEN_EIO;
        sha256_update(&s, value, 32);
    }
    sha256_finish(&s, p->values);
    return 0;
}

struct handles {
    uint32_t key, session; /* 0: none */
};

static bool sent(const uint8_t *cmd, size_t len, uint8_t **rsp, size_t *rsp_len)
{
    return tpm_start_call(TPM_LOCALITY_HV, cmd, len, rsp, rsp_len) == 0;
}

/* What failed, or NULL: root is there. */
static const char *ask(const struct seal_policy *policy, struct handles *h, uint8_t root[32])
{
    uint8_t cmd[TPM_CMD_MAX], digest[32], *rsp;
    size_t n;

    seal_cmd_policy(policy, digest);
    if (!sent(cmd, seal_cmd_primary(cmd, digest), &rsp, &n) || seal_cmd_handle(rsp, n, &h->key))
        return "the TPM makes no key for the owner (is a password set?)";
    if (!sent(cmd, seal_cmd_session(cmd), &rsp, &n) || seal_cmd_handle(rsp, n, &h->session))
        return "the TPM opens no session";
    if (!sent(cmd, seal_cmd_policy_pcr(cmd, h->session, policy->pcrs), &rsp, &n) ||
        !sent(cmd, seal_cmd_policy_locality(cmd, h->session), &rsp, &n))
        return "the TPM takes no policy";
    if (!sent(cmd, seal_cmd_hmac(cmd, h->key, h->session), &rsp, &n)) return "the TPM does not let the key be used";
    if (seal_cmd_hmac_response(rsp, n, root)) return "the TPM's answer is malformed";
    wipe(rsp, n);
    h->session = 0; /* its use has ended it */
    return NULL;
}

static void flush(uint32_t handle)
{
    uint8_t cmd[TPM_CMD_MAX], *rsp;
    size_t n;

    if (handle) sent(cmd, seal_cmd_flush(cmd, handle), &rsp, &n);
}

void seal_start(bool late_launch)
{
    struct handles h = {0};
    struct seal_policy policy;
    uint8_t root[32];
    const char *failed = read_policy(&policy, late_launch) ? "PCR 4, 8, 9 tell nothing of the chain" : NULL;

    if (!failed) failed = ask(&policy, &h, root);
    flush(h.session);
    flush(h.key);
    if (failed) {
        printk("seal: %s: no sealed keys\n", failed);
        return;
    }
    memcpy(enter()->root, root, 32);
    wipe(root, 32);
    leave();
    available = true;
    seal_counter_start();
}
