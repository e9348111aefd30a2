# tests
TESTS += tests/check-headers.sh tests/check-layers.sh
EXTRA_DIST += tests/check-headers.sh tests/check-layers.sh
