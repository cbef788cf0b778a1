# Every target works on a machine that has Go, make and gcc; what needs more
# says so.
GO ?= go
BIN := bin/cairn
SHARED ?= ../shared

.DEFAULT_GOAL := help
.PHONY: help run test check race bench compare fuzz crash build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## serve the counter on http://127.0.0.1:8787
	$(BIN) serve testdata/counter/wrangler.jsonc

test: check ## everything that CI runs
	$(GO) test -timeout 10m ./... $(SAMPLES)
	$(GO) test -race -short -timeout 10m ./...

# go ./... passes over testdata, so the samples are named.
SAMPLES := ./testdata/counter ./testdata/sdk

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

FUZZTIME ?= 10s
fuzz: ## each fuzzer for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep ^Fuzz); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; done; done

CRASHES ?= 500
crash: ## kill -9 under load, CRASHES times
	CAIRN_CRASHES=$(CRASHES) $(GO) test -run TestKill -count 1 -timeout 2h -v ./cmd/cairn

build:
	$(GO) build -o $(BIN) ./cmd/cairn

clean: ## forget what was built and stored here
	rm -rf bin .cairn
