# man
dist_man_MANS += man/alpacon-tunnel.1
