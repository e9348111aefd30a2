# connector/netcheck: diagnostics; all but main.c is in a convenience library,
# so that tests can link it
noinst_LTLIBRARIES += libalnetcheck.la
libalnetcheck_la_SOURCES = \
	connector/netcheck/causes.c connector/netcheck/causes.h \
	connector/netcheck/checks.c \
	connector/netcheck/contrast.h connector/netcheck/contrast_judge.c \
	connector/netcheck/echo.c connector/netcheck/echo.h \
	connector/netcheck/report.c connector/netcheck/report.h \
	connector/netcheck/report_json.c \
	connector/netcheck/report_text.c
libalnetcheck_la_LIBADD = libaldaemon.la $(JANSSON_LIBS)

bin_PROGRAMS += alpacon-netcheck
alpacon_netcheck_SOURCES = \
	connector/netcheck/contrast.c \
	connector/netcheck/env.c \
	connector/netcheck/live.c connector/netcheck/live.h \
	connector/netcheck/main.c \
	connector/netcheck/netcheck.h \
	connector/netcheck/pac.c connector/netcheck/pac.h \
	connector/netcheck/reach.c \
	connector/netcheck/session.c \
	connector/netcheck/trace.c
alpacon_netcheck_LDADD = libalnetcheck.la $(OPENSSL_LIBS) $(JANSSON_LIBS)

dist_pkgdata_DATA = connector/netcheck/netcheck-1.schema.json
