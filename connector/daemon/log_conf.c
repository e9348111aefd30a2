/* connector/daemon/log_conf.c - the daemons' settings of their log. */
#include "connector/daemon/log_conf.h"

#include <string.h>

#include "connector/daemon/log.h"

void
al_log_configure(const struct al_conf *c)
{
	static const char *const words[] = { "error", "warning", "notice",
	    "info", "debug" };
	const char *format = al_conf_text(c, NULL, NULL, "log_format");
	const char *level = al_conf_text(c, NULL, NULL, "log_level");
	enum al_log_level n = AL_LOG_INFO;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], level) == 0)
			n = (enum al_log_level)(AL_LOG_ERROR + i);
	al_log_set(strcmp(format, "json") == 0 ? AL_LOG_JSON : AL_LOG_TEXT,
	    n);
}
