/* tests/fuzz/fuzz_noproxy.c - first line: host, with port; rest: the list. */
#include "pac/no_proxy.h"
#include "connector/base/addr.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	char *host = malloc(len + 1), *list, entry[AL_NO_PROXY_ENTRY];
	char again[AL_NO_PROXY_ENTRY], name[AL_HOST_MAX + 1];
	uint16_t port = 443;
	struct al_err err;

	CHECK(host != NULL);
	if (len > 0)
		memcpy(host, p, len);
	host[len] = '\0';
	list = strchr(host, '\n');
	if (list != NULL) {
		*list++ = '\0';
		(void)al_no_proxy_is_loopback(host);
		(void)al_no_proxy_match(list, host, port, entry);
		if (al_hostport_parse(host, 443, name, &port, &err) == AL_OK &&
		    al_no_proxy_match(list, name, port, entry)) {
			CHECK(entry[0] != '\0');
			/* adding entries takes nothing away */
			CHECK(al_no_proxy_match("*", name, port, again));
			CHECK(al_no_proxy_match(name, name, port, again));
		}
	}
	free(host);
	return 0;
}
