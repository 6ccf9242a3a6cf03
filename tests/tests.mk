# tests/tests.mk   what tests there are and how they are run; included by the Makefile, after the fuzzers.

# What the command line can do today; the other scenarios join when diff and apply do.
CLI_TESTS := tests/cli/profile.t
FAULT_TESTS := $(wildcard tests/fault/*.t)
SERVER_TESTS := $(wildcard tests/server/*.t)
SANITIZED_TESTS := $(UNIT_SOURCES:tests/%.c=$(BUILD)/san/tests/%)

.PHONY: check
check: deps ## set up what is needed and run every test; about five minutes
	@$(MAKE) --no-print-directory check-all

.PHONY: check-all
check-all: $(PROGRAM) unit-tests sanitized-tests $(FUZZERS)
	@FUZZ_SECONDS=5 FUZZERS='$(FUZZERS)' tests/run tests/lint $(UNIT_TESTS) $(SANITIZED_TESTS) \
		$(if $(FUZZERS),tests/fuzz/run) $(CLI_TESTS) $(FAULT_TESTS)

.PHONY: unit-tests sanitized-tests
unit-tests: $(UNIT_TESTS)
sanitized-tests:
	@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/san CFLAGS='-O1 -g' \
		SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
		unit-tests

.PHONY: check-lint
check-lint: ## compilers, analysers, layers, style: reads the code without running it
	@tests/run tests/lint

.PHONY: check-cli
check-cli: $(PROGRAM) ## the command line, on a sample host: no root, no servers
	@tests/run $(CLI_TESTS)

.PHONY: check-server
check-server: $(PROGRAM) testhost ## the real servers, in a throw-away host; about five minutes, as root
	@tests/run $(SERVER_TESTS)

.PHONY: testhost
testhost: ## the Debian tree that check-server runs in, made once
	@tests/server/testhost build

.PHONY: demo
demo: $(PROGRAM) ## diff, apply and rollback on a sample host, to look at
	@tests/demo

.PHONY: bench
bench: $(PROGRAM) testhost ## times beside those of cat, apache2 -t and augeas
	@tests/bench/run
