# connector/connectord: the connector's daemon; all but main.c is in a
# convenience library, so that tests can link it
noinst_LTLIBRARIES += libalconnectord.la
libalconnectord_la_SOURCES = \
	connector/connectord/config.c connector/connectord/config.h \
	connector/connectord/connectord.c connector/connectord/connectord.h \
	connector/connectord/doors.c connector/connectord/doors.h \
	connector/connectord/guest_int.h \
	connector/connectord/guest_out.c \
	connector/connectord/guest_read.c \
	connector/connectord/guests.c connector/connectord/guests.h \
	connector/connectord/listener.c connector/connectord/listener.h \
	connector/connectord/names.c connector/connectord/names.h \
	connector/connectord/outcome.c connector/connectord/outcome.h \
	connector/connectord/policy.c connector/connectord/policy.h \
	connector/connectord/request.c connector/connectord/request.h \
	connector/connectord/site.c connector/connectord/site.h \
	connector/connectord/state.c connector/connectord/state.h \
	connector/connectord/targets.c connector/connectord/targets.h \
	connector/connectord/uplink.c connector/connectord/uplink.h \
	connector/connectord/uplink_int.h connector/connectord/uplink_log.c
libalconnectord_la_LIBADD = libaldaemon.la libalcore.la $(JANSSON_LIBS)

sbin_PROGRAMS += alpacon-connectord
alpacon_connectord_SOURCES = connector/connectord/main.c
alpacon_connectord_LDADD = libalconnectord.la $(LIBEVENT_LIBS)
