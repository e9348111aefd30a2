# connector/gatewayd: the program at the workspace host
noinst_LTLIBRARIES += libalgateway.la
libalgateway_la_SOURCES = \
	connector/gatewayd/add.c connector/gatewayd/add.h \
	connector/gatewayd/audit.c connector/gatewayd/audit.h \
	connector/gatewayd/backend.c connector/gatewayd/backend.h \
	connector/gatewayd/config.c connector/gatewayd/config.h \
	connector/gatewayd/dev.c connector/gatewayd/dev.h \
	connector/gatewayd/door.c connector/gatewayd/door.h \
	connector/gatewayd/edge.c connector/gatewayd/edge.h \
	connector/gatewayd/gateway.c connector/gatewayd/gateway.h \
	connector/gatewayd/identity.c connector/gatewayd/identity.h \
	connector/gatewayd/identity_add.c connector/gatewayd/identity_int.h \
	connector/gatewayd/ids.c connector/gatewayd/ids.h \
	connector/gatewayd/leave.c \
	connector/gatewayd/limit.c connector/gatewayd/limit.h \
	connector/gatewayd/listen.c connector/gatewayd/listen.h \
	connector/gatewayd/opens.c connector/gatewayd/opens.h \
	connector/gatewayd/pace.c connector/gatewayd/pace.h \
	connector/gatewayd/peer.c connector/gatewayd/peer.h \
	connector/gatewayd/policy.c connector/gatewayd/policy.h \
	connector/gatewayd/record.c connector/gatewayd/record.h \
	connector/gatewayd/registry.c connector/gatewayd/registry.h \
	connector/gatewayd/settings.c connector/gatewayd/settings.h
libalgateway_la_LIBADD = libaldaemon.la libalcore.la $(JANSSON_LIBS)

sbin_PROGRAMS += alpacon-gatewayd
alpacon_gatewayd_SOURCES = connector/gatewayd/main.c
alpacon_gatewayd_LDADD = libalgateway.la $(LIBEVENT_LIBS)
