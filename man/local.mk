# man
dist_man_MANS += man/alpacon-tunnel.1
dist_man_MANS += man/alpacon-gatewayd.8 man/alpacon-gateway.conf.5
