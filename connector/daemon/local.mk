# connector/daemon: shared by the programs, not in the library
noinst_LTLIBRARIES += libaldaemon.la
libaldaemon_la_SOURCES = \
	connector/daemon/cli.c connector/daemon/cli.h \
	connector/daemon/conf.c connector/daemon/conf.h \
	connector/daemon/conf_impl.h \
	connector/daemon/conf_read.c \
	connector/daemon/conf_type.c \
	connector/daemon/exit.c connector/daemon/exit.h \
	connector/daemon/file.c connector/daemon/file.h \
	connector/daemon/ini.c connector/daemon/ini.h \
	connector/daemon/log.c connector/daemon/log.h \
	connector/daemon/log_conf.c connector/daemon/log_conf.h \
	connector/daemon/nearest.c connector/daemon/nearest.h \
	connector/daemon/notify.h \
	connector/daemon/process.c connector/daemon/process.h \
	connector/daemon/reach.c connector/daemon/reach.h \
	connector/daemon/redact.c connector/daemon/redact.h \
	connector/daemon/secret.c connector/daemon/secret.h \
	connector/daemon/signals.c connector/daemon/signals.h \
	connector/daemon/target.c connector/daemon/target.h \
	connector/daemon/where.c connector/daemon/where.h
if HAVE_SYSTEMD
libaldaemon_la_SOURCES += connector/daemon/notify.c
else
libaldaemon_la_SOURCES += connector/daemon/notify_none.c
endif
libaldaemon_la_LIBADD = libalcore.la $(JANSSON_LIBS) $(SYSTEMD_LIBS)
