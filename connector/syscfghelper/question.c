/* connector/syscfghelper/question.c - what libproxy may be asked. */
#include "connector/syscfghelper/question.h"

#include <stdio.h>
#include <string.h>

#include "connector/base/reader.h"
#include "connector/helper/syscfg.h"

#define HOST_MAX	255u
#define LETTERS		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool
is_host(const char *host, bool v6)
{
	const char *allowed = v6 ? "0123456789abcdefABCDEF:." :
	    LETTERS "0123456789.-_";
	size_t len = strlen(host);

	return len > 0 && strspn(host, allowed) == len &&
	    host[0] != '-' && host[0] != '.';
}

bool
question_decode(char url[static QUESTION_MAX], const uint8_t *p, size_t len)
{
	struct al_reader in = al_reader(p, len);
	uint8_t scheme = al_read_u8(&in);
	unsigned port = al_read_u16(&in);
	bool secure = scheme == AL_SYSCFG_HTTPS, v6;
	char host[HOST_MAX + 1], tail[16] = "/";

	if (in.bad || scheme > AL_SYSCFG_HTTPS || port == 0 ||
	    in.len > HOST_MAX)
		return false;
	memcpy(host, in.p, in.len);
	host[in.len] = '\0';
	v6 = strchr(host, ':') != NULL;
	if (strlen(host) != in.len || !is_host(host, v6))
		return false;
	/* exceptions may be for one port: libproxy must see it */
	if (port != (secure ? 443u : 80u))
		(void)snprintf(tail, sizeof(tail), ":%u/", port);
	(void)snprintf(url, QUESTION_MAX, "%s://%s%s%s%s",
	    secure ? "https" : "http", v6 ? "[" : "", host, v6 ? "]" : "",
	    tail);
	return true;
}
