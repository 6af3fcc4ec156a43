# Each target is one command on a fresh Debian machine with Swift; what is missing gets installed, or is named.

# Symbols that nobody can look up need not stay: a third of the size, and half of the resident memory.
SWIFT_BUILD = swift build -c release --static-swift-stdlib -Xlinker --no-export-dynamic
# The tests link the runtime dynamically, so they have a build directory of their own.
SWIFT_TEST = swift test -c release --scratch-path .build/tests
VENV = .venv

BUILD_PACKAGES = libssl-dev libcurl4-openssl-dev libhiredis-dev pkg-config
TEST_PACKAGES = redis-server redis-sentinel nginx-light apache2-bin haproxy glewlwyd chromium chromium-driver wrk openssl \
	curl nghttp2-client python3 python3-venv strace systemd nodejs php-cli
# What the benchmark compares with, besides.
BENCH_PACKAGES = libapache2-mod-auth-openidc

.PHONY: all deps test-deps build demo test unit-test end-to-end-test soak bench lint format clean

all: build

deps:
	@sh Tests/install-packages.sh $(BUILD_PACKAGES)

test-deps: deps $(VENV)/.installed
	@sh Tests/install-packages.sh $(TEST_PACKAGES)

$(VENV)/.installed: Tests/EndToEnd/requirements.txt
	@sh Tests/install-packages.sh python3 python3-venv
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --requirement Tests/EndToEnd/requirements.txt
	@touch $@

build: deps
	$(SWIFT_BUILD) --product gatehouse

demo: deps
	$(SWIFT_BUILD) --product gatehouse
	$(SWIFT_BUILD) --product gatehouse-demo
	.build/release/gatehouse-demo

test: unit-test end-to-end-test

# Allocations are counted for the whole process, so the budgets have one of their own.
unit-test: test-deps
	$(SWIFT_TEST) --skip BudgetTests
	$(SWIFT_TEST) --skip-build --no-parallel --filter BudgetTests

end-to-end-test: test-deps
	$(SWIFT_BUILD) --product gatehouse
	$(SWIFT_BUILD) --product gatehouse-demo
	$(VENV)/bin/python -m pytest Tests/EndToEnd

# An hour of users, strangers and restarts; the end-to-end suite has a minute of it.
soak: test-deps
	$(SWIFT_BUILD) --product gatehouse
	$(SWIFT_BUILD) --product gatehouse-demo
	SOAK_SECONDS=3600 $(VENV)/bin/python -m pytest Tests/EndToEnd/test_soak.py --capture=no

bench: test-deps
	@sh Tests/install-packages.sh $(BENCH_PACKAGES)
	$(SWIFT_BUILD) --product gatehouse
	$(SWIFT_BUILD) --product gatehouse-demo
	$(VENV)/bin/python Tests/Bench/bench.py
	$(VENV)/bin/python Tests/Bench/policies.py

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests

clean:
	rm -rf .build $(VENV)
