# man: one page a program, one a config file
dist_man_MANS += \
	man/alpacon-connector.conf.5 \
	man/alpacon-connectord.8 \
	man/alpacon-gateway.conf.5 \
	man/alpacon-gatewayd.8 \
	man/alpacon-netcheck.1 \
	man/alpacon-tunnel.1
