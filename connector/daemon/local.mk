# connector/daemon: shared by the programs, not in the library
noinst_LTLIBRARIES += libaldaemon.la
libaldaemon_la_SOURCES = \
	connector/daemon/exit.c connector/daemon/exit.h \
	connector/daemon/file.c connector/daemon/file.h \
	connector/daemon/log.c connector/daemon/log.h \
	connector/daemon/notify.h \
	connector/daemon/process.c connector/daemon/process.h \
	connector/daemon/redact.c connector/daemon/redact.h \
	connector/daemon/secret.c connector/daemon/secret.h \
	connector/daemon/signals.c connector/daemon/signals.h
if HAVE_SYSTEMD
libaldaemon_la_SOURCES += connector/daemon/notify.c
else
libaldaemon_la_SOURCES += connector/daemon/notify_none.c
endif
libaldaemon_la_LIBADD = libalcore.la $(JANSSON_LIBS) $(SYSTEMD_LIBS)
