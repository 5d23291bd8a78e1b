# `make run` and `make test` set up everything else by themselves.

.DEFAULT_GOAL := help
PRESET ?= dev
JOBS   ?= $(shell nproc)
PYTHON := /usr/bin/python3

.PHONY: help bootstrap build run test test-long bench bench-instructions check format clean

help: ## what there is to make
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 20

bootstrap: ## install what is missing
	@scripts/bootstrap.sh

build: bootstrap ## the release binary, build/release/mayfly
	@scripts/build.sh release

run: build ## start a server with the example functions
	@scripts/languages_setup.sh > /dev/null
	@scripts/run.sh

test: bootstrap ## every check and test
	@scripts/check.sh
	@scripts/test_setup.sh > /dev/null
	@scripts/build.sh dev
	@scripts/check_headers.sh
	@scripts/s3_setup.sh
	@scripts/guests_setup.sh
	@scripts/languages_setup.sh
	@build/dev/mayfly languages
	ctest --preset dev -j $(JOBS)
	$(PYTHON) -m pytest -q tests/languages
	$(PYTHON) -m pytest -q tests/e2e bench --mayfly build/dev/mayfly

test-long: bootstrap ## the tests under sanitizers, an hour of fuzzing
	@scripts/test_long.sh

bench: build ## throughput and latency beside nginx, wasmtime serve, workerd and Node.js; about 20 minutes
	@scripts/bench_setup.sh
	$(PYTHON) bench/run.py throughput --svg build/throughput.svg --json build/throughput.json

bench-instructions: bootstrap ## instructions that an invocation costs, compared with bench/instructions.json
	@scripts/bench_setup.sh tools
	@scripts/build.sh bench
	$(PYTHON) bench/instructions.py

check: ## formatting, layers, file sizes
	@scripts/check.sh

format: ## lay out the C++ sources
	@git ls-files 'src/*.cc' 'src/*.h' 'tests/*.cc' 'tests/*.h' | xargs clang-format-19 -i

clean: ## remove what was built here
	rm -rf build
