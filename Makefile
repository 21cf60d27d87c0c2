# The commands of a contributor; the work is done by tools/.

.PHONY: help run test test-fast lint format bench torture completions demo-traffic pin clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

run:  ## Set everything up and listen (ARGS="--wake-word computer" adds options)
	@tools/run $(ARGS)

test:  ## Set everything up and run all tests (ARGS="tests/audio -x" runs some)
	@tools/test $(ARGS)

test-fast:  ## Run the tests that need Python packages alone, and no real time
	@tools/test --fast $(ARGS)

lint:  ## Check style, types, import directions and shape
	@tools/lint

format:  ## Rewrite the code in its style
	@tools/setup packages
	@.venv/bin/ruff check --fix --quiet .
	@.venv/bin/ruff format .

demo-traffic:  ## Show a simulated speaker that sends unasked, and the verdict (root: network namespaces)
	@if [ -n "$$VIRTUAL_ENV" ]; then python -m tests.lab.scene; \
	else tools/setup test && .venv/bin/python -m tests.lab.scene; fi

bench:  ## Measure start-up, side by side with a bare interpreter
	@tools/setup
	@.venv/bin/python bench/startup.py $(ARGS)

torture:  ## Break vaults and captures by the thousand, for a night (ARGS="--share 0.1")
	@tools/torture $(ARGS)

completions:  ## Write completions/ anew from the command tree
	@if [ -n "$$VIRTUAL_ENV" ]; then python tools/make_completions.py; \
	else tools/setup && .venv/bin/python tools/make_completions.py; fi

pin:  ## Write constraints/*.txt anew from what the registries have today
	@tools/pin

clean:  ## Remove what the other targets made; recordings and models stay
	rm -rf .venv .venv.lock build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .torture
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
