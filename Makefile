# `make run` and `make test` set up everything else by themselves.

.DEFAULT_GOAL := help
PRESET ?= dev
JOBS   ?= $(shell nproc)
PYTHON := /usr/bin/python3

.PHONY: help bootstrap build run test test-long check format clean

help: ## what there is to make
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 14

bootstrap: ## install what is missing
	@scripts/bootstrap.sh

build: bootstrap ## the release binary, build/release/mayfly
	@scripts/build.sh release

run: build ## start a server with the example functions
	@scripts/run.sh

test: bootstrap ## every check and test
	@scripts/check.sh
	@scripts/build.sh dev
	@scripts/check_headers.sh
	ctest --preset dev -j $(JOBS)
	$(PYTHON) -m pytest -q tests/e2e --mayfly build/dev/mayfly

test-long: bootstrap ## the tests under sanitizers, an hour of fuzzing
	@scripts/test_long.sh

check: ## formatting, layers, file sizes
	@scripts/check.sh

format: ## lay out the C++ sources
	@git ls-files 'src/*.cc' 'src/*.h' 'tests/*.cc' 'tests/*.h' | xargs clang-format-19 -i

clean: ## remove what was built here
	rm -rf build
