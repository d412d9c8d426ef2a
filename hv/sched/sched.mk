# SPDX-License-Identifier: MIT
# Host tests of events, scheduling and time, on faked CPUs.
SCHED_TESTS := evtchn sched sched_op share timer clock
HOST_TESTS += $(SCHED_TESTS)
SCHED_FAKES := tests/host/hv_fakes.c hv/hypercall/ask.c hv/hypercall/operations.c
SCHED_TEST_CFLAGS := -Itests/host/fake -Itests/host -Ihv -Ihv/include -Ihv/lib -Wno-unused-parameter \
	-D__XEN_INTERFACE_VERSION__=0x00040e00
$(foreach t,$(SCHED_TESTS),$(eval $(t)_TEST_CFLAGS := $(SCHED_TEST_CFLAGS)))
evtchn_TEST_SRC := hv/event/evtchn.c hv/event/evtchn_op.c hv/event/evtchn_close.c $(SCHED_FAKES)
sched_TEST_SRC := hv/sched/sched.c hv/sched/share.c hv/sched/share_round.c hv/sched/runstate.c hv/sched/pause.c \
	hv/sched/watchdog.c hv/sched/vcpu_timer.c hv/sched/sched_op.c hv/event/evtchn.c hv/event/evtchn_op.c \
	hv/event/evtchn_close.c hv/time/timer.c hv/time/timer_heap.c tests/host/sched_sim.c $(SCHED_FAKES)
sched_op_TEST_SRC := $(sched_TEST_SRC)
sched_TEST_LIBS := -Wl,--wrap=runstate_set
sched_op_TEST_LIBS := $(sched_TEST_LIBS)
share_TEST_SRC := hv/sched/share.c
timer_TEST_SRC := hv/time/timer.c hv/time/timer_heap.c $(SCHED_FAKES)
clock_TEST_SRC := hv/time/clock_scale.c hv/time/rtc.c
clock_TEST_LIBS := -lm
