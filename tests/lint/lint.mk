# SPDX-License-Identifier: MIT
.PHONY: lint format
lint: ## check format, sizes, headers; cppcheck and shellcheck
	@HV_CFLAGS="$(HV_CFLAGS)" B=$(B) tests/lint/lint.sh

format: ## bring the C sources into the tree's format
	find hv policy attest dom0 guest-port keys tests -name '*.[ch]' | xargs clang-format -i
