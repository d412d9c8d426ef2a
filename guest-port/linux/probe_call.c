/* SPDX-License-Identifier: MIT */
/* Ways by a hypercall of one's own making. */
#include "probe.h"

#include <errno.h>
#include <string.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>

#include "lxcall.h"

#define PTE_PRESENT_RW_USER 0x7u
#define GUESS               (64u * PROBE_STEP + 5) /* any frame: whose it is decides nothing here */

static int verdict(long rc)
{
    return rc < 0 ? (int)rc : 0;
}

static int mmu_update_as(const struct probe_target *t, uint32_t foreign)
{
    mmu_update_t *update = (mmu_update_t *)t->pages;

    update->ptr = (uint64_t)GUESS << 12 | MMU_NORMAL_PT_UPDATE;
    update->val = (uint64_t)(GUESS + 1) << 12 | PTE_PRESENT_RW_USER;
    return verdict(lxcall_raw(__HYPERVISOR_mmu_update, (uintptr_t)update, 1, 0, foreign, 0));
}

/* The call's last argument: the frames' owner in the low half, the table's owner plus 1 in the high one (xen.h). */
static int mmu_update_frames(const struct probe_target *t)
{
    return mmu_update_as(t, t->domid);
}

static int mmu_update_table(const struct probe_target *t)
{
    return mmu_update_as(t, (t->domid + 1) << 16 | DOMID_SELF);
}

static int machphys_update(const struct probe_target *t)
{
    mmu_update_t *update = (mmu_update_t *)t->pages;

    update->ptr = (uint64_t)GUESS << 12 | MMU_MACHPHYS_UPDATE;
    update->val = 1;
    return verdict(lxcall_raw(__HYPERVISOR_mmu_update, (uintptr_t)update, 1, 0, t->domid, 0));
}

static int va_mapping_otherdomain(const struct probe_target *t)
{
    uint64_t pte = (uint64_t)GUESS << 12 | PTE_PRESENT_RW_USER;

    return verdict(lxcall_raw(__HYPERVISOR_update_va_mapping_otherdomain, (uintptr_t)t->pages + 3 * 4096, pte,
                              UVMF_NONE, t->domid, 0));
}

static int mmuext(const struct probe_target *t, unsigned int cmd)
{
    struct mmuext_op *op = (struct mmuext_op *)t->pages;

    memset(op, 0, sizeof(*op));
    op->cmd = cmd;
    op->arg1.mfn = GUESS;
    op->arg2.src_mfn = GUESS + 1;
    return verdict(lxcall_raw(__HYPERVISOR_mmuext_op, (uintptr_t)op, 1, 0, t->domid, 0));
}

static int mmuext_pin(const struct probe_target *t)
{
    return mmuext(t, MMUEXT_PIN_L1_TABLE);
}

static int mmuext_copy(const struct probe_target *t)
{
    return mmuext(t, MMUEXT_COPY_PAGE);
}

static int add_to_physmap(const struct probe_target *t)
{
    struct xen_add_to_physmap *add = (struct xen_add_to_physmap *)t->pages;

    *add =
        (struct xen_add_to_physmap){.domid = (domid_t)t->domid, .space = XENMAPSPACE_grant_table, .gpfn = 16, .idx = 0};
    return verdict(lxcall_raw(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uintptr_t)add, 0, 0, 0));
}

static int add_to_physmap_foreign(const struct probe_target *t)
{
    struct xen_add_to_physmap_batch *add = (struct xen_add_to_physmap_batch *)t->pages;
    uint64_t *lists = (uint64_t *)(t->pages + 1024);

    memset(t->pages, 0, 4096);
    add->domid = DOMID_SELF;
    add->space = XENMAPSPACE_gmfn_foreign;
    add->size = 1;
    *(domid_t *)&add->u = (domid_t)t->domid;
    lists[0] = lists[16] = 100;
    set_xen_guest_handle(add->idxs, &lists[0]);
    set_xen_guest_handle(add->gpfns, &lists[16]);
    set_xen_guest_handle(add->errs, (int *)&lists[32]);
    return verdict(lxcall_raw(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, (uintptr_t)add, 0, 0, 0));
}

/* Gives back how many extents were done: none is a refusal too. */
static int populate_other(const struct probe_target *t)
{
    struct xen_memory_reservation *r = (struct xen_memory_reservation *)t->pages;
    xen_pfn_t *frames = (xen_pfn_t *)(t->pages + 1024);
    long rc;

    memset(r, 0, sizeof(*r));
    frames[0] = GUESS;
    r->nr_extents = 1;
    r->domid = (domid_t)t->domid;
    set_xen_guest_handle(r->extent_start, frames);
    rc = lxcall_raw(__HYPERVISOR_memory_op, XENMEM_populate_physmap, (uintptr_t)r, 0, 0, 0);
    return rc == 0 ? -EPERM : verdict(rc);
}

static int domctl(const struct probe_target *t, struct xen_domctl *op, uint32_t cmd)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = (domid_t)t->domid;
    return verdict(lxcall_raw(__HYPERVISOR_domctl, (uintptr_t)op, 0, 0, 0, 0));
}

static int domctl_registers(const struct probe_target *t)
{
    struct xen_domctl *op = memset(t->pages, 0, 4096);

    set_xen_guest_handle(op->u.vcpucontext.ctxt, (vcpu_guest_context_t *)(t->pages + 4096));
    return domctl(t, op, XEN_DOMCTL_getvcpucontext);
}

static int domctl_gdbsx(const struct probe_target *t)
{
    struct xen_domctl *op = memset(t->pages, 0, 4096);

    op->u.gdbsx_guest_memio.gva = 0xffffffff81000000;
    op->u.gdbsx_guest_memio.uva = (uintptr_t)t->pages + 4096;
    op->u.gdbsx_guest_memio.len = 64;
    return domctl(t, op, XEN_DOMCTL_gdbsx_guestmemio);
}

static int domctl_frames(const struct probe_target *t)
{
    struct xen_domctl *op = memset(t->pages, 0, 4096);

    op->u.getpageframeinfo3.num = 1;
    set_xen_guest_handle(op->u.getpageframeinfo3.array, (xen_pfn_t *)(t->pages + 4096));
    return domctl(t, op, XEN_DOMCTL_getpageframeinfo3);
}

static int domctl_iomem(const struct probe_target *t)
{
    struct xen_domctl *op = memset(t->pages, 0, 4096);

    op->u.iomem_permission.first_mfn = GUESS;
    op->u.iomem_permission.nr_mfns = 1;
    op->u.iomem_permission.allow_access = 1;
    return domctl(t, op, XEN_DOMCTL_iomem_permission);
}

static int grant_op(const struct probe_target *t, unsigned int cmd)
{
    return verdict(lxcall_raw(__HYPERVISOR_grant_table_op, cmd, (uintptr_t)t->pages, 1, 0, 0));
}

/* Grant operations put their verdict into the structure: `status` is read after the call. */
static int grant_op_status(const struct probe_target *t, unsigned int cmd, int16_t *status)
{
    int rc = grant_op(t, cmd);

    return rc < 0 ? rc : *(volatile int16_t *)status != GNTST_okay ? -EACCES : 0;
}

static int grant_setup_other(const struct probe_target *t)
{
    struct gnttab_setup_table *setup = memset(t->pages, 0, 4096);

    setup->dom = (domid_t)t->domid;
    setup->nr_frames = 1;
    set_xen_guest_handle(setup->frame_list, (xen_pfn_t *)(t->pages + 4096));
    return grant_op_status(t, GNTTABOP_setup_table, &setup->status);
}

static int copy_from(const struct probe_target *t, bool by_ref, uint64_t from)
{
    struct gnttab_copy *copy = memset(t->pages, 0, 4096);

    if (by_ref)
        copy->source.u.ref = (grant_ref_t)from;
    else
        copy->source.u.gmfn = from;
    copy->source.domid = (domid_t)t->domid;
    copy->dest.u.gmfn = GUESS;
    copy->dest.domid = DOMID_SELF;
    copy->len = 64;
    copy->flags = by_ref ? GNTCOPY_source_gref : 0;
    return grant_op_status(t, GNTTABOP_copy, &copy->status);
}

static int grant_copy_frame(const struct probe_target *t)
{
    return copy_from(t, false, GUESS);
}

static int grant_copy_refs(const struct probe_target *t)
{
    int last = -ENOENT;

    for (uint32_t ref = 0; ref < 64; ref++) {
        last = copy_from(t, true, ref);
        if (last == 0) return 0;
    }
    return last;
}

static int grant_transfer(const struct probe_target *t)
{
    struct gnttab_transfer *move = memset(t->pages, 0, 4096);

    move->mfn = GUESS;
    move->domid = (domid_t)t->domid;
    move->ref = 8;
    return grant_op_status(t, GNTTABOP_transfer, &move->status);
}

static int event_status(const struct probe_target *t)
{
    struct evtchn_status *status = memset(t->pages, 0, 4096);

    status->dom = (domid_t)t->domid;
    status->port = 1;
    return verdict(lxcall_raw(__HYPERVISOR_event_channel_op, EVTCHNOP_status, (uintptr_t)status, 0, 0, 0));
}

/* Changing a running tenant's image would be as good as reading it. */
static int load_running(const struct probe_target *t)
{
    struct bh_dom_load *load = memset(t->pages, 0, 4096);

    load->domid = t->domid;
    load->part = BH_PART_RAMDISK;
    load->total = load->size = 64;
    load->data = (uintptr_t)t->pages + 4096;
    return verdict(lxcall_bulkhead(BH_DOM_LOAD, load));
}

static int build_running(const struct probe_target *t)
{
    struct bh_dom_target *target = memset(t->pages, 0, 4096);

    target->domid = t->domid;
    return verdict(lxcall_bulkhead(BH_DOM_BUILD, target));
}

/* TPM2_PCR_Reset of PCR 21: who could do that could forge evidence (TPM 2.0 Library, Part 3). */
static int tpm_reset(const struct probe_target *t)
{
    static const uint8_t command[] = {0x80, 0x02, 0, 0, 0,    27, 0, 0, 0x01, 0x3d, 0, 0, 0, 21,
                                      0,    0,    0, 9, 0x40, 0,  0, 9, 0,    0,    0, 0, 0};
    struct bh_tpm_command *op = memset(t->pages, 0, 4096);
    long rc;

    memcpy(t->pages + 4096, command, sizeof(command));
    op->command = (uintptr_t)t->pages + 4096;
    op->command_size = sizeof(command);
    op->response = (uintptr_t)t->pages + 2 * 4096;
    op->response_size = 4096;
    do
        rc = lxcall_bulkhead(BH_TPM_COMMAND, op);
    while (rc == -EAGAIN);
    return verdict(rc);
}

static int try_number(const struct probe_target *t, unsigned int number)
{
    memset(t->pages, 0, 4096);
    return verdict(lxcall_raw(number, 0, (uintptr_t)t->pages, 0, 0, 0));
}

static int kexec(const struct probe_target *t)
{
    return try_number(t, __HYPERVISOR_kexec_op);
}

static int tmem(const struct probe_target *t)
{
    return try_number(t, __HYPERVISOR_tmem_op);
}

static int xenoprof(const struct probe_target *t)
{
    return try_number(t, __HYPERVISOR_xenoprof_op);
}

static int relabel(const struct probe_target *t)
{
    return try_number(t, __HYPERVISOR_xsm_op);
}

const struct probe probe_call_table[] = {
    {"mmu-update-foreign-frame", mmu_update_frames},
    {"mmu-update-foreign-table", mmu_update_table},
    {"mmu-update-machphys", machphys_update},
    {"update-va-mapping-otherdomain", va_mapping_otherdomain},
    {"mmuext-pin-foreign", mmuext_pin},
    {"mmuext-copy-page", mmuext_copy},
    {"memory-add-to-physmap", add_to_physmap},
    {"memory-map-foreign", add_to_physmap_foreign},
    {"memory-populate-other", populate_other},
    {"domctl-getvcpucontext", domctl_registers},
    {"domctl-gdbsx-guestmemio", domctl_gdbsx},
    {"domctl-getpageframeinfo3", domctl_frames},
    {"domctl-iomem-permission", domctl_iomem},
    {"grant-setup-table-other", grant_setup_other},
    {"grant-copy-frame", grant_copy_frame},
    {"grant-copy-guessed-refs", grant_copy_refs},
    {"grant-transfer", grant_transfer},
    {"event-status-other", event_status},
    {"bulkhead-load-running", load_running},
    {"bulkhead-build-running", build_running},
    {"tpm-pcr-reset", tpm_reset},
    {"kexec", kexec},
    {"tmem", tmem},
    {"xenoprof", xenoprof},
    {"xsm-relabel", relabel},
    {NULL, NULL},
};
