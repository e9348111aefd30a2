# contrib
EXTRA_DIST += contrib/lib.sh contrib/check
