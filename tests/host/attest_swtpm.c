/* SPDX-License-Identifier: MIT */
#include "attest_swtpm.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <tss2/tss2_tctildr.h>
#include <unistd.h>

static void must(int good, const char *what)
{
    if (good) return;
    fprintf(stderr, "attest_swtpm: %s\n", what);
    abort();
}

/* Two free ports in a row: swtpm's TCTI takes the control channel to be the next one. */
static int bind_port(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static uint16_t find_ports(void)
{
    for (int try = 0; try < 200; try++) {
        uint16_t port = (uint16_t)(20000 + 2 * ((getpid() + try * 37) % 20000));
        int first = bind_port(port), second = bind_port((uint16_t)(port + 1));

        if (first >= 0) close(first);
        if (second >= 0) close(second);
        if (first >= 0 && second >= 0) return port;
    }
    return 0;
}

static void exec_swtpm(const char *folder, uint16_t port)
{
    char state[96], server[64], control[64];

    snprintf(state, sizeof(state), "dir=%s", folder);
    snprintf(server, sizeof(server), "type=tcp,port=%u", port);
    snprintf(control, sizeof(control), "type=tcp,port=%u", port + 1);
    execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl", control, "--flags",
           "not-need-init,startup-clear", (char *)NULL);
    _exit(127);
}

static void spawn(struct attest_swtpm *tpm)
{
    struct attest_swtpm_link link;
    uint16_t port = find_ports();

    must(port != 0, "no free ports");
    snprintf(tpm->tcti, sizeof(tpm->tcti), "swtpm:host=127.0.0.1,port=%u", port);
    tpm->pid = fork();
    must(tpm->pid >= 0, "fork");
    if (tpm->pid == 0) exec_swtpm(tpm->folder, port);
    for (int i = 0; i < 100; i++) {
        link = (struct attest_swtpm_link){0};
        if (Tss2_TctiLdr_Initialize(tpm->tcti, &link.tcti) == TSS2_RC_SUCCESS) {
            Tss2_TctiLdr_Finalize(&link.tcti);
            return;
        }
        usleep(50000);
    }
    must(0, "swtpm does not answer");
}

void attest_swtpm_start(struct attest_swtpm *tpm)
{
    strcpy(tpm->folder, "/tmp/attest-XXXXXX");
    must(mkdtemp(tpm->folder) != NULL, "no folder");
    if (tpm->prepare != NULL) tpm->prepare(tpm);
    spawn(tpm);
}

void attest_swtpm_reset(struct attest_swtpm *tpm)
{
    kill(tpm->pid, SIGTERM);
    waitpid(tpm->pid, NULL, 0);
    spawn(tpm);
}

void attest_swtpm_stop(struct attest_swtpm *tpm)
{
    char *const remove[] = {"rm", "-rf", tpm->folder, NULL};

    kill(tpm->pid, SIGTERM);
    waitpid(tpm->pid, NULL, 0);
    attest_swtpm_run(remove, NULL);
}

void attest_swtpm_open(const struct attest_swtpm *tpm, struct attest_swtpm_link *link)
{
    *link = (struct attest_swtpm_link){0};
    must(Tss2_TctiLdr_Initialize(tpm->tcti, &link->tcti) == TSS2_RC_SUCCESS, "TCTI");
    must(Esys_Initialize(&link->esys, link->tcti, NULL) == TSS2_RC_SUCCESS, "ESYS");
}

void attest_swtpm_close(struct attest_swtpm_link *link)
{
    Esys_Finalize(&link->esys);
    Tss2_TctiLdr_Finalize(&link->tcti);
}

void attest_swtpm_extend(struct attest_swtpm_link *link, uint32_t pcr, uint8_t locality, const uint8_t digest[32])
{
    TPML_DIGEST_VALUES values = {.count = 1, .digests[0].hashAlg = TPM2_ALG_SHA256};

    memcpy(values.digests[0].digest.sha256, digest, 32);
    must(Tss2_Tcti_SetLocality(link->tcti, locality) == TSS2_RC_SUCCESS, "locality");
    must(Esys_PCR_Extend(link->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &values) ==
             TSS2_RC_SUCCESS,
         "TPM2_PCR_Extend");
    must(Tss2_Tcti_SetLocality(link->tcti, 0) == TSS2_RC_SUCCESS, "locality");
}

bool attest_swtpm_leak(struct attest_swtpm_link *link, bool session)
{
    const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
    const TPM2B_PUBLIC template = {.publicArea = {.type = TPM2_ALG_ECC,
                                                  .nameAlg = TPM2_ALG_SHA256,
                                                  .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                                                      TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                                                      TPMA_OBJECT_USERWITHAUTH |
                                                                      TPMA_OBJECT_SIGN_ENCRYPT,
                                                  .parameters.eccDetail = {.symmetric.algorithm = TPM2_ALG_NULL,
                                                                           .scheme.scheme = TPM2_ALG_NULL,
                                                                           .curveID = TPM2_ECC_NIST_P256,
                                                                           .kdf.scheme = TPM2_ALG_NULL}}};
    const TPM2B_SENSITIVE_CREATE sensitive = {0};
    const TPM2B_DATA outside = {0};
    const TPML_PCR_SELECTION pcrs = {0};
    ESYS_TR handle;

    if (session)
        return Esys_StartAuthSession(link->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                     NULL, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, &handle) == TSS2_RC_SUCCESS;
    return Esys_CreatePrimary(link->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
                              &template, &outside, &pcrs, &handle, NULL, NULL, NULL, NULL) == TSS2_RC_SUCCESS;
}

int attest_swtpm_run(char *const argv[], const char *output)
{
    int status;
    pid_t pid = fork();

    must(pid >= 0, "fork");
    if (pid == 0) {
        int fd = open(output != NULL ? output : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);

        dup2(fd, 1);
        execvp(argv[0], argv);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
