# SPDX-License-Identifier: MIT
# Host tests and fuzzers of what reads bytes that others wrote: boot information, kernels, instructions.
PARSER_TESTS := elf build_layout multiboot cmdline decode acpi txt_parse
HOST_TESTS += $(PARSER_TESTS)
PARSER_CFLAGS := -Ihv -Ihv/include -Ihv/include/public -Ihv/lib -D__XEN_INTERFACE_VERSION__=0x00040e00
$(foreach t,$(PARSER_TESTS),$(eval $(t)_TEST_CFLAGS := $(PARSER_CFLAGS) -Wno-unused-parameter))
elf_TEST_SRC := hv/domain/elf.c
build_layout_TEST_SRC := hv/domain/build_layout.c hv/domain/elf.c
multiboot_TEST_SRC := hv/boot/multiboot.c
cmdline_TEST_SRC := hv/boot/cmdline.c
decode_TEST_SRC := hv/cpu/decode.c
acpi_TEST_SRC := hv/boot/acpi.c
txt_parse_TEST_SRC := hv/boot/txt_parse.c
$(PARSER_TESTS:%=$(B)/tests/host/%_test): $(addprefix hv/,domain/elf.h boot/bootinfo.h boot/acpi.h boot/txt_parse.h cpu/decode.h)

FUZZERS += elf multiboot decode txt_parse
PARSER_FUZZ_SECONDS ?= 30
PARSER_FUZZERS := elf multiboot decode txt_parse
define parser_fuzz_rule
$$(B)/fuzz/$(1)_fuzz: tests/fuzz/$(1)_fuzz.c $$($(1)_TEST_SRC) $$(wildcard hv/domain/elf.h hv/boot/*.h hv/cpu/decode.h)
	@mkdir -p $$(@D)
	clang -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		$$(PARSER_CFLAGS) -o $$@ tests/fuzz/$(1)_fuzz.c $$($(1)_TEST_SRC)

.PHONY: fuzz-$(1)
fuzz-$(1): $$(B)/fuzz/$(1)_fuzz
	@mkdir -p $$(B)/fuzz/$(1)_corpus
	$$< -max_total_time=$$(PARSER_FUZZ_SECONDS) -max_len=8192 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=$$(B)/fuzz/$(1)- $$(B)/fuzz/$(1)_corpus
endef
$(foreach f,$(PARSER_FUZZERS),$(eval $(call parser_fuzz_rule,$(f))))
.PHONY: fuzz-parsers
fuzz-parsers: $(PARSER_FUZZERS:%=fuzz-%) ## fuzz the ELF, multiboot, TXT and instruction parsers (PARSER_FUZZ_SECONDS each)
