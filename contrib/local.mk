# contrib
EXTRA_DIST += contrib/cable.py contrib/check contrib/demo contrib/lib.sh \
	contrib/platform.py
