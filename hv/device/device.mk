# SPDX-License-Identifier: MIT
# Host tests of devices and grants.
DEVICE_TESTS := grant pci_filter acpi_hw pirq
HOST_TESTS += $(DEVICE_TESTS)
DEVICE_TEST_CFLAGS := -Itests/host/fake -Itests/host -Ihv -Ihv/include -Ihv/lib -Wno-unused-parameter \
	-D__XEN_INTERFACE_VERSION__=0x00040e00
$(foreach t,$(DEVICE_TESTS),$(eval $(t)_TEST_CFLAGS := $(DEVICE_TEST_CFLAGS)))
grant_TEST_SRC := hv/grant/grant.c hv/grant/grant_map.c hv/grant/grant_copy.c hv/grant/grant_pin.c \
	hv/grant/grant_entry.c hv/grant/maptrack.c hv/grant/grant_audit.c tests/host/grant_fakes.c \
	hv/hypercall/ask.c hv/hypercall/operations.c
pci_filter_TEST_SRC := hv/device/pci_filter.c
acpi_hw_TEST_SRC := hv/device/acpi_hw.c
pirq_TEST_SRC := hv/device/pirq.c
