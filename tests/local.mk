# tests
TESTS += tests/check-layers.sh
EXTRA_DIST += tests/check-layers.sh
