# SPDX-License-Identifier: MIT
# The benchmark: one static program as /init of a stock kernel, natively, on Debian's Xen and on Bulkhead.
BENCH ?=
$(B)/bench/root/init: tests/bench/bench.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -static -o $@ $<

$(B)/bench/initrd.img: $(B)/bench/root/init
	cd $(<D) && echo init | cpio --quiet --reproducible -R 0:0 -o -H newc > $(CURDIR)/$@

.PHONY: bench
bench: $(B)/bench/initrd.img $(B)/kernel/6.1/.stamp $(B)/peer/xen.elf $(B)/bulkhead.elf $(B)/policy.bhp ## compare native Linux, Debian's Xen and Bulkhead (BENCH="native xen" for some)
	tests/bench/run.sh $(or $(BENCH),native xen bulkhead)
