/* connector/daemon/log_conf.h - the daemons' settings of their log. */
#ifndef AL_DAEMON_LOG_CONF_H
#define AL_DAEMON_LOG_CONF_H

#include "connector/daemon/conf.h"

/* For a program's table of keys. */
#define AL_LOG_KEYS							\
	{ .key = "log_format", .type = AL_CONF_CHOICE,			\
	    .words = "text|json", .def = "text" },			\
	{ .key = "log_level", .type = AL_CONF_CHOICE,			\
	    .words = "error|warning|notice|info|debug", .def = "info" }

/* From now on as they say. */
void al_log_configure(const struct al_conf *c);

#endif
