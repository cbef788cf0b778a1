# Every target works on a machine that has Go, make and gcc; what needs more
# says so.
GO ?= go
BIN := bin/cairn
SHARED ?= ../shared

.DEFAULT_GOAL := help
.PHONY: help run test quick check race race-rooms race-host bench compare profile density attack fuzz passes crash swap arm64 trees million samples guests-rebuild build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## serve the counter on http://127.0.0.1:8787
	$(BIN) serve testdata/counter/wrangler.jsonc

# go vet ran before, with all that it knows. The longest packages begin first, so that
# none runs alone at the end.
LONGEST := ./host ./cmd/cairn ./host/release

test: check ## everything that CI runs
	$(GO) test -vet=off -timeout 20m $(LONGEST) ./... $(SAMPLES)
	$(GO) build -race ./...
	@$(MAKE) --no-print-directory -j2 race-rooms race-host

# Left out: the interpreter and plain instances where the same guests run compiled from
# an image, the samples, the guest kit, the wrong hosts, 17 of 20 kills, and most of what
# is random.
quick: ## vet and the short tests, for while you work
	$(GO) vet ./... $(SAMPLES)
	$(GO) test -vet=off -short $(LONGEST) ./... $(SAMPLES)

# These two run side by side, after the tests that have compiled the guests. The whole
# of host under the race detector is make race.
race-rooms:
	$(GO) test -vet=off -race -short -timeout 20m \
	  $$($(GO) list ./... | grep -v -e "/host$$" -e "/host/release$$" -e "/cmd/cairn$$")

race-host:
	CAIRN_TREES=10s $(GO) test -vet=off -race -short -timeout 20m \
	  -run 'Metamorphic|Cycle|Crossing|Mailbox|Transcript|Trees|Assertion' ./host

# go ./... passes over testdata, so the samples are named.
SAMPLES := ./testdata/counter ./testdata/sdk ./testdata/probe/... ./testdata/chat ./testdata/ratelimiter \
	./testdata/todo ./testdata/reminder ./testdata/bank

check: ## formatting, vet, tidy modules
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./... $(SAMPLES)
	GOOS=wasip1 GOARCH=wasm $(GO) vet ./guest/... $(SAMPLES)
	$(GO) mod tidy -diff

race: ## the tests under the race detector, all of them
	$(GO) test -race -timeout 30m ./...

bench: ## Go benchmarks of each layer, for benchstat
	$(GO) test -run '^$$' -bench . -benchmem ./...

compare: build ## a running cairn beside workerd
	@test -x $(SHARED)/bench/compare.sh || { echo "make compare needs $(SHARED)/bench/compare.sh, and npm and wrk for it"; exit 1; }
	@command -v npm >/dev/null || { echo "make compare needs npm, for workerd"; exit 1; }
	@dir=$$(mktemp -d); $(BIN) serve --data $$dir --log-level error testdata/counter/wrangler.jsonc & pid=$$!; \
	trap 'kill $$pid; wait $$pid; rm -rf '$$dir EXIT; \
	for i in $$(seq 100); do curl -sf http://127.0.0.1:8787/ >/dev/null && break; sleep 0.2; done; \
	$(SHARED)/bench/compare.sh

profile: ## what Go guests are built by (go build -pgo)
	$(GO) test -trimpath -run '^$$' -bench Guest -benchtime 4s -cpuprofile host/build/guest.pgo -o $$(mktemp -d)/guest.test ./guest

OBJECTS ?= 1000000
density: ## OBJECTS that keep their memory: throughput, resident memory, start
	CAIRN_OBJECTS=$(OBJECTS) $(GO) test -run TestDensity -count 1 -timeout 3h -v ./cmd/cairn

FUZZTIME ?= 10s
fuzz: ## each fuzzer for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep ^Fuzz); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$pkg || exit 1; done; done

# What every guest of testdata does, compiled and interpreted, with each of these sets of
# passes of the rewriter. What compares the sets with each other runs once.
PASSES ?= none cold frame all
SEEDS ?= 3000
passes: ## the random suites, the kit and all guests with each set of PASSES, for a night
	CAIRN_SEEDS=$(SEEDS) $(GO) test -count 1 -timeout 2h ./host/module ./host/module/rewrite
	@for set in $(PASSES); do echo "CAIRN_PASSES=$$set"; \
	  CAIRN_PASSES=$$set $(GO) test -count 1 -timeout 1h ./host/module ./host/program/... || exit 1; \
	  CAIRN_PASSES=$$set $(GO) test -count 1 -timeout 1h \
	    -run 'Conformance|Languages|Cycle|Crossing|Nested|Trap|Metamorphic|BothWays|Durable|Garbage|BadGuest|Panic|Trees' ./host || exit 1; \
	  CAIRN_ENGINE=interpreter CAIRN_PASSES=$$set $(GO) test -short -count 1 -timeout 1h \
	    -run 'Cycle|Crossing|Nested|Metamorphic|BothWays' ./host || exit 1; done

CRASHES ?= 500
crash: ## kill -9 under load, CRASHES times
	CAIRN_CRASHES=$(CRASHES) $(GO) test -run TestKill -count 1 -timeout 2h -v ./cmd/cairn

TREES ?= 30m
trees: ## random trees of calls between a few objects, for TREES, then as long under the race detector
	CAIRN_TREES=$(TREES) $(GO) test -run '^TestTrees$$' -count 1 -timeout 3h -v ./host
	CAIRN_TREES=$(TREES) $(GO) test -race -run '^TestTrees$$' -count 1 -timeout 3h -v ./host

samples: ## copy each sample out of the tree, test and serve it
	CAIRN_SAMPLES=1 $(GO) test -run TestSamplesCopied -count 1 -v ./cmd/cairn

CALLS ?= 2000
attack: ## CALLS calls of each guest that takes what memory there is, in a small budget
	CAIRN_ATTACK=$(CALLS) $(GO) test -run TestAttacks -count 1 -timeout 2h -v ./cmd/cairn

KEYS ?= 1000000
million: ## list KEYS keys of one object in bounded memory
	CAIRN_KEYS=$(KEYS) $(GO) test -run TestListMillion -count 1 -timeout 1h -v ./host

# Debian's rustc before one of rustup's, which has no wasm target by itself.
RUSTC ?= $(firstword $(wildcard /usr/bin/rustc) rustc)
ASC ?= npx --yes --package assemblyscript@0.28.20 asc
WASM_CFLAGS := --target=wasm32 -std=c11 -Wall -Wextra -Oz -ffreestanding -nostdlib -mbulk-memory \
  -Wl,--no-entry,--stack-first,-z,stack-size=16384,--strip-all
WASM_RUSTFLAGS := --edition 2021 --target wasm32-unknown-unknown --crate-type cdylib \
  -C opt-level=z -C lto=fat -C codegen-units=1 -C panic=abort -C strip=symbols \
  -C link-arg=-zstack-size=65536
ASCFLAGS := -O --shrinkLevel 2 --runtime incremental --exportStart _initialize \
  --use abort=guest/assemblyscript/cairn/abort
KIT := abi/conformance/guestkit/testdata
guests-rebuild: ## the counters in C, Rust, AssemblyScript and WAT, whose modules are kept
	@missing=; need() { eval "$$2" >/dev/null 2>&1 || { missing=1; echo "$$1 is missing: $$3"; }; }; \
	need wat2wasm 'command -v wat2wasm' 'apt-get install wabt'; \
	need clang 'clang -print-targets | grep wasm32' 'apt-get install clang'; \
	need wasm-ld 'command -v wasm-ld' 'apt-get install lld'; \
	need 'rustc with wasm32-unknown-unknown' \
	  'test -d $$($(RUSTC) --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib' \
	  'apt-get install rustc libstd-rust-dev-wasm32, or rustup target add wasm32-unknown-unknown and RUSTC=rustc'; \
	need 'asc of the npm package assemblyscript' '$(ASC) --version' \
	  'apt-get install npm (npx fetches it), or npm install -g assemblyscript and ASC=asc'; \
	test -z "$$missing"
	wat2wasm testdata/counter-wat/counter.wat -o testdata/counter-wat/counter.wasm
	for f in abi/testdata/example $(KIT)/wrong $(KIT)/wrongstart; do \
	  wat2wasm $$f.wat -o $$f.wasm || exit 1; done
	clang $(WASM_CFLAGS) -Iguest/c -o testdata/counter-c/counter.wasm testdata/counter-c/counter.c
	$(RUSTC) $(WASM_RUSTFLAGS) -o testdata/counter-rust/counter.wasm testdata/counter-rust/counter.rs
	$(ASC) testdata/counter-as/counter.ts -o testdata/counter-as/counter.wasm $(ASCFLAGS)
	clang $(WASM_CFLAGS) -Iguest/c -o $(KIT)/relay-c.wasm $(KIT)/relay.c
	$(RUSTC) $(WASM_RUSTFLAGS) -o $(KIT)/relay-rust.wasm $(KIT)/relay.rs
	$(ASC) $(KIT)/relay.ts -o $(KIT)/relay-as.wasm $(ASCFLAGS)
	chmod a-x testdata/counter-*/counter.wasm $(KIT)/*.wasm

# The emulator is slow: the whole kit takes some minutes for each way.
ARM64 ?= TestConformance$$/compiler/images|TestExample
arm64: ## the conformance kit on linux/arm64, emulated by qemu-user
	@command -v qemu-aarch64 >/dev/null || { echo "qemu-aarch64 is missing: apt-get install qemu-user"; exit 1; }
	@dir=$$(mktemp -d); trap "rm -rf $$dir" EXIT; \
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 $(GO) test -c -o $$dir/ ./host ./host/module && \
	(cd host/module && qemu-aarch64 $$dir/module.test -test.skip TestInstanceBreaks/interpreter) && \
	(cd host && CAIRN_CONFORMANCE_PATIENCE=10m qemu-aarch64 $$dir/host.test -test.timeout 2h -test.v -test.run '$(ARM64)' > $$dir/log || { grep -A20 -e '^ *run.go' -e '--- FAIL' $$dir/log; exit 1; }; \
	  grep -e '^--- ' -e '^    --- ' -e '^        --- ' $$dir/log)

SWAPS ?= 30s
swap: ## deploy ten times a second under load, for SWAPS
	CAIRN_SWAP=$(SWAPS) $(GO) test -run TestDeployUnderLoad -count 1 -timeout 1h -v ./host/release

# Without cgo the binary is static: it runs on any Linux of its architecture.
build:
	CGO_ENABLED=0 $(GO) build -o $(BIN) ./cmd/cairn

clean: ## forget what was built and stored here
	rm -rf bin .cairn
