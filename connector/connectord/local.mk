# connector/connectord: the connector's daemon; all but main.c is in a
# convenience library, so that tests can link it
noinst_LTLIBRARIES += libalconnectord.la
libalconnectord_la_SOURCES = \
	connector/connectord/listener.c connector/connectord/listener.h \
	connector/connectord/names.c connector/connectord/names.h \
	connector/connectord/policy.c connector/connectord/policy.h \
	connector/connectord/request.c connector/connectord/request.h
libalconnectord_la_LIBADD = libalcore.la $(JANSSON_LIBS)
