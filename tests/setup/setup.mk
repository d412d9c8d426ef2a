# SPDX-License-Identifier: MIT
# What comes from Debian: packages to install, and sources and kernels to fetch into $(B).
#   $(B)/mbedtls-src/             mbedTLS 2.28's source tree
#   $(B)/kernel/6.1, 6.12         bzImage, vmlinux (ELF), config, release, modules/
#   $(B)/peer/xen                 Debian's Xen 4.17, the peer of `make test-peer` and `make bench`
export FETCH_DIR := $(B)/apt
FETCH := tests/setup/fetch.sh
PACKAGES_FILE := tests/setup/packages.txt

$(B)/mbedtls-src/.stamp:
	@echo "  FETCH  mbedTLS source"
	@$(FETCH) source mbedtls 2.28 $(@D)

$(B)/kernel/%/.stamp:
	@echo "  FETCH  Debian kernel $*"
	@$(FETCH) kernel $* $(@D)

$(B)/kernel/%/vmlinux $(B)/kernel/%/bzImage: $(B)/kernel/%/.stamp ;

$(B)/peer/xen/.stamp:
	@echo "  FETCH  Debian's Xen 4.17"
	@$(FETCH) deb xen-hypervisor-4.17-amd64 $(@D)

$(B)/dom0/vmlinux: $(B)/kernel/6.1/.stamp
	@mkdir -p $(@D)
	cp $(B)/kernel/6.1/vmlinux $@

.PHONY: setup fetch
setup: ## install the Debian packages that are missing (root or sudo)
	@tests/setup/install.sh $(PACKAGES_FILE) $(PACKAGES)

fetch: $(B)/mbedtls-src/.stamp $(B)/kernel/6.1/.stamp $(B)/kernel/6.12/.stamp $(B)/peer/xen/.stamp ## fetch mbedTLS, kernels and the peer
