# SPDX-License-Identifier: MIT
# The boot chain as one disk image, and the machine's TPM in its first state.
#   $(B)/bulkhead.img        GPT disk: an EFI system partition with GRUB and the files that it loads, in this order:
#                            (tboot.gz,) bulkhead.elf, policy.bhp, vmlinux, initrd.img
#   $(B)/boot/grub.cfg       what GRUB does, line by line as measured into PCR 8; lies in GRUB's image
#   $(B)/boot/BOOTX64.EFI    GRUB's image, measured into PCR 4
#   $(B)/boot/tpm/           state of a new TPM 2.0 (swtpm), SHA-256 bank only
TBOOT ?= 1
HV_CMDLINE ?= dom0_mem=512M dom0_restart=2
DOM0_CMDLINE ?= console=hvc0
TBOOT_GZ := /boot/tboot.gz
BOOT_CHAIN = $(if $(filter 1,$(TBOOT)),tboot,direct)

BOOT_FILES = $(if $(filter 1,$(TBOOT)),$(TBOOT_GZ)=tboot.gz) $(B)/bulkhead.elf=bulkhead.elf $(B)/policy.bhp=policy.bhp \
	$(B)/dom0/vmlinux=vmlinux $(B)/dom0/initrd.img=initrd.img
BOOT_CONFIG = TBOOT=$(TBOOT) HV="$(HV_CMDLINE)" DOM0="$(DOM0_CMDLINE)"
# An option of the command line that changed is a changed input.
$(shell mkdir -p $(B)/boot && { echo '$(BOOT_CONFIG)' | cmp -s - $(B)/boot/config || echo '$(BOOT_CONFIG)' > $(B)/boot/config; })

$(B)/boot/grub.cfg: tests/boot/grub-cfg.sh $(B)/boot/config
	$< $(TBOOT) "$(HV_CMDLINE)" "$(DOM0_CMDLINE)" > $@

$(B)/boot/BOOTX64.EFI: tests/boot/grub-image.sh $(B)/boot/grub.cfg
	$^ $@

$(B)/boot/tpm/tpm2-00.permall: tests/boot/new-tpm.sh
	$< $(@D)

BUILD_ALL += $(B)/dom0/vmlinux $(B)/bulkhead.img
$(B)/bulkhead.img: tests/boot/disk-image.sh $(B)/boot/BOOTX64.EFI $(B)/bulkhead.elf $(B)/policy.bhp $(B)/dom0/vmlinux $(B)/dom0/initrd.img
	$< $@ $(B)/boot/BOOTX64.EFI $(BOOT_FILES)

.PHONY: image
image: $(B)/bulkhead.img $(B)/boot/tpm/tpm2-00.permall ## build the bootable disk image

# The chain without tboot beside the other, for the tests: an image and reference values in DIRECT.
DIRECT ?= $(B)/system/direct-image
.PHONY: image-direct
image-direct: $(B)/bulkhead.elf $(B)/policy.bhp $(B)/dom0/vmlinux $(B)/dom0/initrd.img $(B)/attest/bh-measure $(DOM0_LAUNCHES)
	mkdir -p $(DIRECT)
	tests/boot/grub-cfg.sh 0 "$(HV_CMDLINE)" "$(DOM0_CMDLINE)" > $(DIRECT)/grub.cfg
	tests/boot/grub-image.sh $(DIRECT)/grub.cfg $(DIRECT)/BOOTX64.EFI
	tests/boot/disk-image.sh $(DIRECT)/bulkhead.img $(DIRECT)/BOOTX64.EFI $(filter-out $(TBOOT_GZ)=%,$(BOOT_FILES))
	$(B)/attest/bh-measure --out $(DIRECT)/measurements.cbor --boot direct --grub $(DIRECT)/BOOTX64.EFI --cfg $(DIRECT)/grub.cfg \
		$(foreach f,$(filter-out $(TBOOT_GZ)=%,$(BOOT_FILES)),--file $(lastword $(subst =, ,$f))=$(firstword $(subst =, ,$f))) \
		$(foreach l,$(DOM0_LAUNCHES),--launch $l)

# The chain from a BIOS: no register of the TPM holds who loaded what, so it proves nothing. For tboot's multiboot 1.
BIOS ?= $(B)/system/bios-image
.PHONY: image-bios
image-bios: $(B)/bulkhead.elf $(B)/policy.bhp $(B)/dom0/vmlinux $(B)/dom0/initrd.img ## build a disk image for BIOS machines (BIOS=folder)
	mkdir -p $(BIOS)
	tests/boot/grub-cfg.sh $(TBOOT) "$(HV_CMDLINE)" "$(DOM0_CMDLINE)" 1 > $(BIOS)/grub.cfg
	tests/boot/disk-image-bios.sh $(BIOS)/bulkhead.img $(BIOS)/grub.cfg $(BOOT_FILES)

# Intel TXT: policies over what GRUB loads, and what a late launch of it extends. SINIT: what the platform's own module
# extends (attest/FORMAT.md); without it only the policies are made.
TXT_MODULES := "$(HV_CMDLINE)=$(B)/bulkhead.elf" "=$(B)/policy.bhp" "$(DOM0_CMDLINE)=$(B)/dom0/vmlinux" "=$(B)/dom0/initrd.img"
TXT_TBOOT_CMDLINE := logging=serial,memory
SINIT ?=
.PHONY: txt-policy test-txt-policy
txt-policy: $(B)/bulkhead.elf $(B)/policy.bhp $(B)/dom0/vmlinux $(B)/dom0/initrd.img $(B)/attest/bh-drtm ## make Intel TXT's and tboot's launch policies into build/txt (SINIT=file: predict PCR 17, 18)
	tests/boot/txt-policy.sh $(B)/txt "$(TXT_TBOOT_CMDLINE)" $(TXT_MODULES)
	$(if $(SINIT),zcat $(TBOOT_GZ) > $(B)/txt/tboot.elf; $(B)/attest/bh-drtm --sinit $(SINIT) --tboot $(B)/txt/tboot.elf \
		--tboot-cmdline "$(TXT_TBOOT_CMDLINE)" --vlp $(B)/txt/vl.pol $(foreach m,$(TXT_MODULES),--module $(m)) > $(B)/txt/extends)
	echo "$(B)/txt: vl.pol for tboot; list.pol for the TPM, list.data for GRUB$(if $(SINIT),; extends of PCR 17 and 18)"

test-txt-policy: txt-policy $(B)/attest/bh-measure $(B)/attest/bh-verify $(B)/boot/BOOTX64.EFI ## read the launch policies back and compare their digests with our own
	@tests/boot/txt-policy-test.sh $(B)/txt $(B)/attest/bh-drtm "$(TXT_TBOOT_CMDLINE)" $(TXT_MODULES)
