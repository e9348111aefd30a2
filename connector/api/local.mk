# connector/api: the installed library, a thin facade over everything below
lib_LTLIBRARIES += libalpacon-connector.la
libalpacon_connector_la_SOURCES = \
	connector/api/api_int.h \
	connector/api/channel.c \
	connector/api/dial.c \
	connector/api/error.c \
	connector/api/loop.c \
	connector/api/session.c \
	connector/api/stream.c
libalpacon_connector_la_LIBADD = libalcore.la
libalpacon_connector_la_LDFLAGS = $(AM_LDFLAGS) -no-undefined \
	-version-info 0:0:0 \
	-Wl,--version-script=$(top_srcdir)/connector/api/alpacon.map
EXTRA_libalpacon_connector_la_DEPENDENCIES = connector/api/alpacon.map
EXTRA_DIST += connector/api/alpacon.map

alpaconincludedir = $(includedir)/alpacon
alpaconinclude_HEADERS = \
	connector/include/alpacon/dial.h \
	connector/include/alpacon/error.h \
	connector/include/alpacon/loop.h \
	connector/include/alpacon/session.h \
	connector/include/alpacon/stream.h

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = alpacon-connector.pc
