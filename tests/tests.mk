# tests/tests.mk   what tests there are and how they are run; included by the Makefile, after the fuzzers.

CLI_TESTS := $(wildcard tests/cli/*.t)
FAULT_SOURCES := $(wildcard tests/fault/*_test.c)
FAULT_PROGRAMS := $(FAULT_SOURCES:tests/%.c=$(BUILD)/tests/%)
FAULT_TESTS := $(FAULT_PROGRAMS) $(wildcard tests/fault/*.t)
SERVER_TESTS := $(wildcard tests/server/*.t)
PACKAGE_TESTS := $(wildcard tests/package/*.t)
SANITIZED_TESTS := $(UNIT_SOURCES:tests/%.c=$(BUILD)/san/tests/%)

-include $(FAULT_PROGRAMS:=.d)

# Everything that the tests below need is made first, in parallel where make was asked to.
.PHONY: check
check: deps ## set up what is needed and run every test; needs root for the real servers
	@$(MAKE) --no-print-directory check-all

# The package that is tested is built without its own run of the unit tests: they have their turn here.
check-all check-package: export DEB_BUILD_OPTIONS = nocheck
.PHONY: check-all
check-all: $(PROGRAM) unit-tests sanitized-tests $(FUZZERS) $(FAULT_PROGRAMS) testhost deb
	@FUZZ_SECONDS=5 FUZZ_SEED=1 FUZZERS='$(FUZZERS)' tests/run -j "$$(nproc)" tests/fuzz/run $(SANITIZED_TESTS) $(UNIT_TESTS) \
		$(CLI_TESTS) $(FAULT_PROGRAMS) -- tests/lint $(filter-out $(FAULT_PROGRAMS),$(FAULT_TESTS)) \
		$(SERVER_TESTS) $(PACKAGE_TESTS)

.PHONY: unit-tests sanitized-tests
unit-tests: $(UNIT_TESTS)
sanitized-tests:
	@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/san CFLAGS='-O1 -g' \
		SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
		unit-tests

.PHONY: lint
lint: ## compilers, analysers, layers, style: reads the code without running it
	@tests/run tests/lint

.PHONY: check-fault
check-fault: $(PROGRAM) $(FAULT_PROGRAMS) ## kills, failing calls and power loss in the middle of a change; as root
	@tests/run $(FAULT_TESTS)

.PHONY: check-cli
check-cli: $(PROGRAM) ## the command line, on a sample host: no root, no servers
	@tests/run $(CLI_TESTS)

.PHONY: check-server
check-server: $(PROGRAM) testhost ## the real servers, in a throw-away host; as root
	@tests/run $(SERVER_TESTS)

.PHONY: check-package
check-package: $(PROGRAM) testhost deb ## tarball, Debian package, first boot, help: what people meet first; as root
	@tests/run $(PACKAGE_TESTS)

.PHONY: testhost
testhost: ## the Debian tree that check-server runs in, made once
	@tests/server/testhost build

.PHONY: demo
demo: ## set up what is needed, build, and show diff, apply and rollback on a sample host
	@sh tests/deps $(BUILD_PACKAGES)
	@$(MAKE) --no-print-directory all
	@tests/demo

.PHONY: bench
bench: $(PROGRAM) testhost $(BUILD)/tests/bench/txn_bench ## times beside those of cat, apache2 -t, augeas, sslscan and nmap
	@tests/bench/disk $(BUILD)/tests/bench/txn_bench
	@tests/bench/run
	@tests/bench/wire
