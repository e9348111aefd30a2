# contrib
EXTRA_DIST += contrib/cable.py contrib/check contrib/demo \
	contrib/examples/connector.conf contrib/examples/gateway.conf \
	contrib/lib.sh \
	contrib/platform.py
