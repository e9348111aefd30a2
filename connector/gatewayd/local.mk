# connector/gatewayd: the program at the workspace host
noinst_LTLIBRARIES += libalgateway.la
libalgateway_la_SOURCES = \
	connector/gatewayd/edge.c connector/gatewayd/edge.h \
	connector/gatewayd/limit.c connector/gatewayd/limit.h \
	connector/gatewayd/listen.c connector/gatewayd/listen.h
libalgateway_la_LIBADD = libalcore.la
