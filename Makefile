# `make demo` and `make test` do all their own set-up on a Debian machine with a Swift toolchain.
.PHONY: demo test build setup assets bench screenshots clean

SHIP := .build/release/ship
DEMO_ROOT := .build/demo

demo: build
	@test -d $(DEMO_ROOT)/local/demo || $(SHIP) demo $(DEMO_ROOT) --frames 8 --size 2000x1500
	$(SHIP) serve $(DEMO_ROOT)

build: setup assets
	swift build -c release --product ship

test:
	@scripts/setup --tests
	@scripts/embed-assets
	scripts/test

bench: setup assets
	scripts/bench

# Every screen and state, light and dark, as pictures in .build/screenshots.
screenshots: build
	@scripts/setup --tests
	SHIP=$(CURDIR)/$(SHIP) .deps/venv/bin/python Tests/Browser/screenshots.py .build/screenshots

setup:
	@scripts/setup

assets: setup
	@scripts/embed-assets

clean:
	rm -rf .build .deps Sources/CAssets/generated Public/vendor
