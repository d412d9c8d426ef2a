/* SPDX-License-Identifier: MIT */
/*
 * Bulkhead's own hypercall: everything that the Xen PV ABI has no safe call for.
 *
 *     long HYPERVISOR_bulkhead_op(unsigned int cmd, void *arg)
 *
 * Hypercall number BH_HYPERCALL (the ABI's __HYPERVISOR_arch_7), cmd in the first argument, a
 * guest-virtual pointer to the command's structure in the second. Linux programs reach it through
 * /dev/xen/privcmd (IOCTL_PRIVCMD_HYPERCALL, or xencall2() of libxencall, with hypercall buffers).
 *
 * The structure is read once and, where a field is marked OUT, written back once. Every call is
 * asked of the reference monitor first. Errors are negative errno values (xen/errno.h):
 *   -ENOSYS unknown cmd, -EFAULT bad pointer, -EINVAL a value out of its range or a reserved field
 *   that is not 0, -EPERM/-EACCES refused by policy, -ESRCH no such domain, -EBUSY wrong state,
 *   -ENOMEM no memory left, -EAGAIN asynchronous operation not finished: call again.
 * All integers are little-endian; all structures have no implicit padding (asserted in the build).
 */
#ifndef BULKHEAD_PUBLIC_H
#define BULKHEAD_PUBLIC_H

#include <stdint.h>

#define BH_EALREADY 114 /* xen/errno.h has no name for it; Linux's EALREADY */

#define BH_HYPERCALL   55 /* __HYPERVISOR_arch_7, xen/xen.h */
#define BH_ABI_VERSION 1

/* --- Commands ------------------------------------------------------------------------------ */
#define BH_DOM_CREATE    1  /* struct bh_dom_create */
#define BH_DOM_LOAD      2  /* struct bh_dom_load */
#define BH_DOM_BUILD     3  /* struct bh_dom_target */
#define BH_DOM_UNPAUSE   4  /* struct bh_dom_target */
#define BH_DOM_PAUSE     5  /* struct bh_dom_target */
#define BH_DOM_DESTROY   6  /* struct bh_dom_target; restarted by the hypervisor until all is scrubbed */
#define BH_DOM_INFO      7  /* struct bh_dom_info */
#define BH_DOM_SCHED     8  /* struct bh_dom_sched */
#define BH_PLATFORM_INFO 9  /* struct bh_platform_info */
#define BH_AUDIT_READ    10 /* struct bh_audit_read */
#define BH_DMESG_READ    11 /* struct bh_blob: the hypervisor's console ring, as text */
#define BH_EVENTLOG_READ 12 /* struct bh_blob: the PCR event log, format below */
#define BH_REPORT        13 /* struct bh_report_op */
#define BH_EVIDENCE_PUT  14 /* struct bh_blob: provisioning service stores the platform evidence */
#define BH_EVIDENCE_GET  15 /* struct bh_blob: any domain reads it */
#define BH_TPM_COMMAND   16 /* struct bh_tpm_command */
#define BH_MM_AUDIT      17 /* struct bh_mm_audit: debug builds only, else -ENOSYS */
#define BH_POLICY_STAGE  18 /* struct bh_policy_stage: a part of a policy file that is to be loaded */
#define BH_POLICY_COMMIT 19 /* struct bh_policy_commit: checks the staged file and takes it into force */
#define BH_POLICY_READ   20 /* struct bh_blob: the file of the policy in force */
#define BH_EXTEND        21 /* struct bh_extend: a run-time register of the caller */
#define BH_REPORT_CHECK  22 /* struct bh_report_check: was this report made here, in this boot? */
#define BH_SEAL_KEY      23 /* struct bh_seal_key: a key that only this guest on this platform gets */
#define BH_SEAL_COUNTER  24 /* struct bh_seal_counter: a counter that never goes back */

/* --- Domains ------------------------------------------------------------------------------- */
#define BH_NAME_MAX        32 /* with the NUL; [a-zA-Z0-9_.-], at least one character */
#define BH_TYPE_MAX        48 /* with the NUL; a type's name in the policy, e.g. "tenant_t" */
#define BH_VCPUS_MAX       32
#define BH_COMPARTMENT_MAX 1023 /* category cN of the policy */

/* Creates a paused, empty domain. Labels come from the running policy. */
struct bh_dom_create {
    uint32_t domid;         /* OUT: never reused within a boot */
    uint32_t vcpus;         /* 1..BH_VCPUS_MAX */
    uint64_t memory_kib;    /* multiple of 2048, at least 4096 */
    char name[BH_NAME_MAX]; /* unique among living domains, else -EEXIST */
    char type[BH_TYPE_MAX]; /* -ENOENT when the policy has no such type */
    uint32_t compartment;   /* 0..BH_COMPARTMENT_MAX */
    uint32_t flags;         /* BH_CREATE_* */
    uint32_t weight;        /* 1..65535, 0 for the default of 256 */
    uint32_t cap;           /* per cent of one CPU, 0 for none */
    uint8_t uuid[16];
};
#define BH_CREATE_STORE 1u /* give it a xenstore event channel (a store daemon must answer) */

/* Appends to one part of a domain's image. Parts are copied and hashed as they come: offset must
 * equal what was loaded of that part so far (-EINVAL), and total must be the same in each call. */
struct bh_dom_load {
    uint32_t domid;
    uint32_t part;     /* BH_PART_* */
    uint64_t total;    /* bytes in the whole part */
    uint64_t offset;   /* bytes already loaded */
    uint32_t size;     /* 1..BH_LOAD_MAX */
    uint32_t reserved; /* 0 */
    uint64_t data;     /* guest-virtual pointer */
};
#define BH_LOAD_MAX       65536u
#define BH_PART_KERNEL    0 /* ELF64; 1 GiB at most */
#define BH_PART_RAMDISK   1 /* optional; 1 GiB at most */
#define BH_PART_CMDLINE   2 /* without NUL; MAX_GUEST_CMDLINE - 1 = 1023 bytes at most */
#define BH_PART_SIGNATURE 3 /* struct bh_signature, optional: who vouches for this launch */

/* A signer's word for one launch: ECDSA P-256 over SHA-256 of the first 48 bytes (magic to launch_digest).
 * A wrong one makes BH_DOM_BUILD fail with -EACCES; policies bind labels to signers, reports name them. */
struct bh_signature {
    uint8_t magic[8];          /* "BHSIGN1\0" */
    uint32_t svn;              /* the guest's security version number, chosen by the signer */
    uint32_t reserved;         /* 0 */
    uint8_t launch_digest[32]; /* what it is about */
    uint8_t key[64];           /* X || Y, big-endian; the signer's id is SHA-256 of these bytes */
    uint8_t signature[64];     /* r || s, big-endian */
};

struct bh_dom_target {
    uint32_t domid;
    uint32_t reserved; /* 0 */
};

/* Fills in the living domain with the smallest id >= domid; -ESRCH when there is none. */
struct bh_dom_info {
    uint32_t domid;            /* IN: first id to look at, OUT: the one found */
    uint32_t state;            /* OUT: BH_STATE_* */
    uint32_t shutdown_reason;  /* OUT: SHUTDOWN_* of xen/sched.h while BH_STATE_SHUTDOWN */
    uint32_t vcpus;            /* OUT: maximum */
    uint32_t vcpus_online;     /* OUT */
    uint32_t compartment;      /* OUT */
    uint64_t memory_kib;       /* OUT: owned now */
    uint64_t memory_max_kib;   /* OUT */
    uint64_t cpu_ns;           /* OUT: all vCPUs */
    char name[BH_NAME_MAX];    /* OUT */
    char type[BH_TYPE_MAX];    /* OUT */
    uint8_t uuid[16];          /* OUT */
    uint8_t launch_digest[32]; /* OUT: zero until built */
    uint32_t console_ref;      /* OUT: grant reference of the console ring (xen/io/console.h) */
    uint32_t console_port;     /* OUT: the domain's unbound port for dom0; bind interdomain to it */
    uint32_t store_ref;        /* OUT */
    uint32_t store_port;       /* OUT: 0 where there is none */
    uint32_t weight, cap;      /* OUT */
    uint32_t flags;            /* OUT: BH_CREATE_* */
    uint32_t denials;          /* OUT: audit records with this domain as the source */
};
#define BH_STATE_BUILDING 0
#define BH_STATE_PAUSED   1
#define BH_STATE_RUNNING  2
#define BH_STATE_SHUTDOWN 3
#define BH_STATE_DYING    4

struct bh_dom_sched {
    uint32_t domid;
    uint32_t weight; /* 1..65535 */
    uint32_t cap;    /* per cent of one CPU, 0 none, at most 100 * BH_VCPUS_MAX */
    uint32_t reserved;
};

/* --- Platform ------------------------------------------------------------------------------ */
struct bh_platform_info {
    uint32_t abi_version;      /* OUT: BH_ABI_VERSION */
    uint32_t flags;            /* OUT: BH_FLAG_* */
    uint32_t cpus;             /* OUT */
    uint32_t svn;              /* OUT: security version number */
    uint64_t memory_kib;       /* OUT: RAM */
    uint64_t free_kib;         /* OUT: for new domains */
    uint64_t hv_kib;           /* OUT: hypervisor's own, tables included */
    uint64_t uptime_ns;        /* OUT */
    char version[32];          /* OUT */
    uint8_t policy_digest[32]; /* OUT */
    uint32_t policy_version;   /* OUT */
    uint32_t reserved;
    uint8_t hv_pubkey[64];     /* OUT: P-256 X || Y, big-endian; zero when unmeasured */
    uint64_t boot_cmdline_len; /* OUT */
};
#define BH_FLAG_DEBUG       1u /* debug build */
#define BH_FLAG_IOMMU       2u /* devices are confined */
#define BH_FLAG_LATE_LAUNCH 4u /* tboot reported a TXT launch */
#define BH_FLAG_MEASURED                                                                                               \
    8u /* TPM present, PCR 21 extended, key published; gone once an event cannot be measured any                       \
          more, or the TPM has lost what was extended */

/* Bytes by position. Returns the number copied, 0 at the end. */
struct bh_blob {
    uint64_t offset; /* IN; for DMESG: a running position; positions that are gone are skipped and
                        OUT gives the position of the first byte copied */
    uint32_t size;   /* IN: capacity, at most BH_BLOB_CHUNK */
    uint32_t total;  /* GET: OUT whole size; PUT: IN whole size (at most BH_EVIDENCE_MAX) */
    uint64_t data;   /* guest-virtual pointer */
};
#define BH_BLOB_CHUNK   4096u
#define BH_EVIDENCE_MAX 65536u

/* Event log: records, each
 *   u32 pcr, u32 type, u8 digest[32], u32 size, u8 data[size]
 * in the order of the extends. The digest is what was extended: SHA-256 of data unless the type
 * says otherwise. */
#define BH_EV_HV_KEY    0x42480001u /* PCR 21: data = X || Y (64 bytes) */
#define BH_EV_HV_CONFIG 0x42480002u /* PCR 21: data = hypervisor command line, no NUL */
#define BH_EV_POLICY                                                                                                   \
    0x42480003u                   /* PCR 21: digest = SHA-256 of the policy file, data = that digest's input is        \
                                     not repeated: data = u32 version */
#define BH_EV_LAUNCH  0x42480004u /* PCR 21: digest = launch digest, data = struct bh_launch */
#define BH_EV_RUNTIME 0x42480005u /* PCR 22: data = text */
#define BH_EV_POLICY_LOAD                                                                                              \
    0x42480006u /* PCR 22: a policy taken into force while domains run; digest and data as BH_EV_POLICY */
#define BH_EV_DRTM                                                                                                     \
    0x42480010u /* PCR 17 or 18: an event of the late launch, extended by SINIT or tboot before us, from               \
                   zero on. digest = as extended; data = u32 the TCG event type, then at most                          \
                   BH_EV_DRTM_DATA bytes of that event's data */
#define BH_EV_DRTM_DATA 64u

/* What was launched. launch digest = SHA-256 of this structure. */
struct bh_launch {
    uint8_t magic[8];    /* "BHLNCH1\0" */
    uint8_t kernel[32];  /* SHA-256 of the file as loaded */
    uint8_t ramdisk[32]; /* of the file; of nothing (e3b0...) where there is none */
    uint8_t cmdline[32]; /* of the string without NUL */
    uint64_t memory_kib; /* 0 for the boot domain: it does not change with the machine's size */
    uint32_t vcpus;      /* 0 for the boot domain */
    uint32_t flags;      /* BH_CREATE_* */
};

/* --- Audit --------------------------------------------------------------------------------- */
struct bh_audit_record {
    uint64_t seq;            /* from 1, without holes; a reader that falls behind sees a jump */
    uint64_t time_ns;        /* since start */
    uint32_t source, target; /* domain ids */
    char source_type[BH_TYPE_MAX], target_type[BH_TYPE_MAX];
    uint32_t source_compartment, target_compartment;
    char class_name[16], perm_name[24];
    uint64_t object;     /* port, grant reference, frame, domain id: what the call was about */
    uint32_t allowed;    /* 0: a denial; 1: an allowed use of a class that the policy records */
    uint32_t suppressed; /* records like this one (same source, same `allowed`) that the source's rate limit kept
                            out since its last one */
    char reason[32];     /* which rule decided: "policy", or a rule's kind and name: "conflict banks" */
};

/* The running hash, also in reports: hash(0) = 32 zeros, hash(n) = SHA-256(hash(n - 1) || record n).
 * Whoever has all records can show that none is missing. */
struct bh_audit_read {
    uint64_t seq;   /* IN: first wanted; OUT: first copied */
    uint32_t count; /* IN: capacity, at most 16; OUT: copied */
    uint32_t reserved;
    uint64_t dropped; /* OUT: records that left the ring unread by anyone since start */
    uint64_t data;    /* guest-virtual pointer to struct bh_audit_record[count] */
    uint64_t limited; /* OUT: records that rate limits kept out since start */
    uint64_t newest;  /* OUT: number of the newest record */
    uint8_t hash[32]; /* OUT: running hash up to it */
};

/* --- Policy at run time -------------------------------------------------------------------- */
/* Appends to the one file that is being staged; offset 0 begins anew. Same rules as bh_dom_load. */
struct bh_policy_stage {
    uint64_t total; /* bytes in the whole file */
    uint64_t offset;
    uint32_t size;     /* 1..BH_LOAD_MAX */
    uint32_t reserved; /* 0 */
    uint64_t data;     /* guest-virtual pointer */
};

/* Takes the staged policy into force, for all domains at once, or leaves everything as it was:
 *   -EINVAL malformed, or it lacks the type of a living domain; -EPERM not signed by the key that this hypervisor
 *   carries; -BH_EALREADY its version is not higher than the one in force; -EBUSY mappings or bindings that it forbids
 *   exist and BH_POLICY_REVOKE was not given: they are in `list`.
 *   -ENOSPC the event log has no room for it; -EIO the start was measured, and the TPM has lost that since. -EBUSY too:
 *   another load is under way; or other sharing comes and goes.
 * One error comes after the swap, and `version` tells: -EIO, "in force, but the TPM did not take it".
 * What is staged stays after -EBUSY and a dry run, else it is given back. `error` says in words what is wrong,
 * `error_offset` where in the file. The hypervisor restarts the call by itself. */
struct bh_policy_commit {
    uint32_t flags;        /* BH_POLICY_* */
    uint32_t count;        /* IN: capacity of list, at most 64; OUT: grants and bindings that the new policy forbids,
                              also more than the list has room for */
    uint64_t list;         /* guest-virtual pointer to struct bh_policy_conflict[count] */
    uint32_t error_offset; /* OUT */
    uint32_t version;      /* OUT: in force after the call */
    char error[64];        /* OUT */
};
#define BH_POLICY_REVOKE 1u /* tear down what the new policy forbids */
#define BH_POLICY_DRY    2u /* check only; change nothing */

struct bh_policy_conflict {
    uint32_t source, target; /* domain ids: who uses, whose */
    uint32_t kind;           /* BH_CONFLICT_* */
    uint32_t object;         /* grant reference of target, or port of source */
};
#define BH_CONFLICT_GRANT 1
#define BH_CONFLICT_EVENT 2

/* --- Attestation --------------------------------------------------------------------------- */
/* Asks for a report over 64 bytes of the caller's choice. Signing takes several steps:
 * the hypervisor restarts the call by itself (the caller sees one call). -ENODEV when the boot was not
 * measured; -EBUSY: the policy's ceiling of reports in a second is reached. */
struct bh_report_op {
    uint8_t report_data[64]; /* IN */
    uint64_t report;         /* IN: guest-virtual pointer to struct bh_report */
    uint64_t signature;      /* IN: guest-virtual pointer to 64 bytes: r || s, big-endian */
    uint64_t salt;           /* IN: guest-virtual pointer to 32 bytes: what hides compartment_hash; 0: not wanted */
};

/* Signature: ECDSA P-256 over SHA-256 of this structure, by the key of BH_EV_HV_KEY. */
struct bh_report {
    uint8_t magic[8]; /* "BHREPT2\0" */
    uint32_t version; /* 2 */
    uint32_t flags;   /* BH_FLAG_* */
    uint32_t domid;
    uint32_t svn;
    uint8_t uuid[16];
    uint64_t epoch;   /* creation number of the domain, from 1, unique in a boot */
    uint64_t counter; /* of this domain's reports, from 1 */
    uint64_t uptime_ns;
    uint8_t boot_id[32]; /* SHA-256 of the hypervisor's public key X || Y */
    struct bh_launch launch;
    uint8_t launch_digest[32];
    char type[BH_TYPE_MAX];
    /* SHA-256("BHCOMP1\0" || salt[32] || u32 compartment). The salt is the domain's own for its life and the hypervisor
     * tells it to nobody else: the domain decides who may recompute this, and to all others no two domains look alike.
     */
    uint8_t compartment_hash[32];
    uint8_t signer[32]; /* SHA-256 of the key that signed the launch; zero: nobody did */
    uint32_t guest_svn; /* as that signature says */
    uint32_t policy_version;
    uint8_t policy_digest[32]; /* in force when the report was made */
    uint64_t audit_seq;        /* records in audit_hash */
    uint8_t audit_hash[32];    /* running hash over all audit records so far */
    uint8_t runtime[4][32];    /* run-time registers; zero until extended */
    char hv_version[32];
    uint8_t report_data[64];
};

/* runtime[index] = SHA-256(runtime[index] || digest). The guest keeps the log. */
struct bh_extend {
    uint32_t index;    /* 0..3 */
    uint32_t reserved; /* 0 */
    uint8_t digest[32];
    uint8_t value[32]; /* OUT: the register afterwards */
};

/* Local attestation: 0 where the report was signed by this hypervisor in this boot, -EBADMSG where not. It judges where
 * the report comes from and nothing that it says: whether its flags have BH_FLAG_MEASURED, or BH_FLAG_DEBUG, and whose
 * it is, is the asker's to look at. */
struct bh_report_check {
    uint64_t report;    /* guest-virtual pointer to struct bh_report */
    uint64_t signature; /* guest-virtual pointer to 64 bytes */
};

/* A key from the platform's root, which a TPM gives out only to this measured chain (PCR 0, 2, 4, 7, 8, 9 and, after a
 * late launch, 17 and 18). The same after each reboot; another one after a change of the chain, of the firmware or of
 * its Secure Boot settings, or of what it is bound to. -ENODEV: the start was not measured, or the TPM gave no root.
 * (The root says who booted, so keys are given also after BH_FLAG_MEASURED has gone.) -EACCES: BH_SEAL_SIGNER without a
 * signer, or min_svn over the caller's own. */
struct bh_seal_key {
    uint32_t flags;      /* BH_SEAL_* */
    uint32_t min_svn;    /* with BH_SEAL_SIGNER: a guest of that signer with a lower svn never gets this key */
    uint8_t context[32]; /* the caller's choice: one key for each */
    uint8_t key[32];     /* OUT */
};
#define BH_SEAL_LAUNCH 1u /* bound to the launch digest */
#define BH_SEAL_SIGNER 2u /* bound to the signer (one of the two, not both) */
#define BH_SEAL_LABEL  4u /* also bound to type and compartment */

/* A monotonic counter in the TPM, one for each identity (flags as above); against old copies of sealed data.
 * Asynchronous like bh_tpm_command: -EAGAIN until done; the result then waits for the call that fetches it. -EBUSY: a
 * domain may add one ten times at once, then once a minute. -ENOSPC: all counters are taken, or this domain has had two
 * new ones. -ENOENT: there is none to read. -EIO: the TPM refused, or its answer is not to be believed: whether it
 * counted is then to be read, which asks the TPM anew. */
struct bh_seal_counter {
    uint32_t flags;     /* BH_SEAL_* */
    uint32_t increment; /* 0: read, 1: add one */
    uint64_t value;     /* OUT */
};

/* --- TPM ----------------------------------------------------------------------------------- */
/* One TPM command from the allow-list. Asynchronous: the first call submits and gives -EAGAIN;
 * call again with the same structure until it gives the response's size. A response that is not fetched for a second
 * may be dropped for another command. Only one is in flight
 * (-EBUSY to another domain). -EPERM for a command that is not on the list. */
struct bh_tpm_command {
    uint64_t command;       /* IN: guest-virtual pointer */
    uint32_t command_size;  /* IN: 10..4096 */
    uint32_t response_size; /* IN: capacity, at most 4096 */
    uint64_t response;      /* IN: guest-virtual pointer */
};

/* --- Debug --------------------------------------------------------------------------------- */
/* Walks all of a domain's tables, recomputes types and counts and compares; the first differences
 * go to the hypervisor's console. Returns the number of differences. */
struct bh_mm_audit {
    uint32_t domid; /* DOMID_SELF, or any for the control label */
    uint32_t reserved;
    uint64_t frames;    /* OUT: frames looked at */
    uint64_t tables;    /* OUT: tables walked */
    uint64_t heap_free; /* OUT: free pages of the hypervisor's heap; 0 to all but the control domain */
};

#endif
