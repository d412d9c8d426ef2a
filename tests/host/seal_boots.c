/* SPDX-License-Identifier: MIT */
#include "seal_boots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "measure_fakes.h"
#include "cpu/percpu.h"
#include "measure/crypto.h"
#include "measure/measure.h"

static struct attest_swtpm tpm;
struct attest_swtpm_link seal_link;
struct domain seal_dom[SEAL_DOMAINS];
static struct vcpu vcpu[SEAL_DOMAINS];
struct seal_shared *seal_shared;
uint8_t seal_answer[4096];

size_t seal_raw(unsigned int locality, const uint8_t *cmd, size_t len, uint8_t *rsp)
{
    size_t n = 4096;

    assert_int_equal(Tss2_Tcti_SetLocality(seal_link.tcti, (uint8_t)locality), 0);
    assert_int_equal(Tss2_Tcti_Transmit(seal_link.tcti, len, cmd), 0);
    assert_int_equal(Tss2_Tcti_Receive(seal_link.tcti, &n, rsp, TSS2_TCTI_TIMEOUT_BLOCK), 0);
    return n;
}

size_t seal_to_swtpm(const uint8_t *cmd, size_t len, uint8_t *rsp)
{
    return seal_raw(fake_tpm.last_locality, cmd, len, rsp);
}

void seal_run_as(unsigned int i)
{
    seal_dom[i].domid = i;
    seal_dom[i].label = (struct label){.type = 3, .compartment = (uint16_t)(100 + i)};
    memset(&seal_dom[i].launch, 0x40 + (int)i, sizeof(seal_dom[i].launch));
    sha256(&seal_dom[i].launch, sizeof(seal_dom[i].launch), seal_dom[i].launch_digest);
    vcpu[i].domain = &seal_dom[i];
    current = &vcpu[i];
}

void seal_extend(uint32_t pcr, const char *what)
{
    uint8_t digest[32];

    sha256(what, strlen(what), digest);
    attest_swtpm_extend(&seal_link, pcr, 0, digest);
}

static void boot_here(void)
{
    fake_tpm_reset();
    fake_tpm.forward = true;
    fake_tpm.more = seal_shared->more ? seal_shared->more : seal_to_swtpm;
    fake_console[0] = '\0';
    attest_swtpm_open(&tpm, &seal_link);
    for (uint32_t pcr = 0; pcr < 8; pcr++)
        if (pcr != 4) seal_extend(pcr, seal_shared->changed & 1u << pcr ? "changed" : "firmware");
    seal_extend(4, "GRUB");
    seal_extend(8, seal_shared->chain);
    seal_extend(9, "hypervisor");
    seal_run_as(0);
    measure_init("");
    measure_set_flags(seal_shared->late_launch ? BH_FLAG_LATE_LAUNCH : 0);
    measure_launch(&seal_dom[0]);
    measure_complete();
    seal_run_as(1);
    seal_shared->then();
    attest_swtpm_close(&seal_link);
}

static void in_child(void **state)
{
    (void)state;
    boot_here();
}

void seal_boot(const char *chain, void (*then)(void))
{
    const struct CMUnitTest test = {"boot", in_child, NULL, NULL, NULL};
    int status = -1;
    pid_t child;

    strncpy(seal_shared->chain, chain, sizeof(seal_shared->chain) - 1);
    seal_shared->then = then;
    attest_swtpm_reset(&tpm);
    child = fork();
    if (child == 0) _exit(_cmocka_run_group_tests("boot", &test, 1, NULL, NULL));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int seal_fresh_tpm(void **state)
{
    (void)state;
    if (!seal_shared)
        seal_shared = mmap(NULL, sizeof(*seal_shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    setenv("TSS2_LOG", "all+NONE", 0); /* it retries, and says so, while swtpm starts */
    memset(seal_shared, 0, sizeof(*seal_shared));
    attest_swtpm_start(&tpm);
    return 0;
}

int seal_end_tpm(void **state)
{
    (void)state;
    attest_swtpm_stop(&tpm);
    return 0;
}
