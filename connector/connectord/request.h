/* connector/connectord/request.h - the JSON of OPEN frames (PROTOCOL 4). */
#ifndef AL_CONNECTORD_REQUEST_H
#define AL_CONNECTORD_REQUEST_H

#include <stddef.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

#define AL_PRINCIPAL_MAX	127

/* What a tcp or health channel is for. */
struct al_request {
	char		host[AL_HOST_MAX + 1];	/* as al_hostport_parse      */
	uint16_t	port;
	char		principal[AL_PRINCIPAL_MAX + 1];	/* who asks, as
					 * the gateway says, cleaned; ""     */
};

/*
 * {"server": "...", "target": "host:port", "principal": "..."}: only target
 * is needed here, keys that we don't know are left alone.  EUSAGE, stage
 * channel, and a sentence fit to be sent back.
 */
enum al_code al_request_parse(struct al_request *r, const char *json,
    struct al_err *err) AL_MUST_CHECK;

/* {"host": "...", "port": n} of an agent channel. */
#define AL_REQUEST_AGENT_MAX	(AL_HOST_MAX * 6 + 64)
enum al_code al_request_format_agent(char *buf, size_t cap, const char *host,
    uint16_t port, struct al_err *err) AL_MUST_CHECK;

#endif
