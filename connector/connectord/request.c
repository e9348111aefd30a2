/* connector/connectord/request.c - the JSON of OPEN frames. */
#include "connector/connectord/request.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "connector/base/str.h"

static enum al_code
get_target(struct al_request *r, const json_t *object, struct al_err *err)
{
	const json_t *target = json_object_get(object, "target");

	if (target == NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CHANNEL, 0,
		    "the request names no \"target\"");
	if (!json_is_string(target))
		return al_fail(err, AL_EUSAGE, AL_AT_CHANNEL, 0,
		    "\"target\" is not a text");
	if (al_hostport_parse(json_string_value(target), 0, r->host, &r->port,
	    err) != AL_OK) {
		err->stage = AL_AT_CHANNEL;
		al_err_prefix(err, "\"target\"");
		return err->code;
	}
	return AL_OK;
}

enum al_code
al_request_parse(struct al_request *r, const char *json, struct al_err *err)
{
	json_error_t where;
	json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &where);
	const json_t *principal;
	char what[sizeof(where.text)];
	enum al_code code;

	memset(r, 0, sizeof(*r));
	if (object == NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CHANNEL, 0,
		    "the request is not a JSON object: %s, at byte %d",
		    al_str_clean(what, sizeof(what), where.text,
		    strlen(where.text)), where.position);
	if (json_is_object(object))
		code = get_target(r, object, err);
	else
		code = al_fail(err, AL_EUSAGE, AL_AT_CHANNEL, 0,
		    "the request is not a JSON object");
	principal = json_object_get(object, "principal");
	if (json_is_string(principal))
		(void)al_str_clean(r->principal, sizeof(r->principal),
		    json_string_value(principal),
		    json_string_length(principal));
	json_decref(object);
	return code;
}

enum al_code
al_request_format_agent(char *buf, size_t cap, const char *host,
    uint16_t port, struct al_err *err)
{
	json_t *object = json_pack("{s:s, s:i}", "host", host, "port",
	    (int)port);
	size_t n;

	if (object == NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CHANNEL, 0,
		    "the host is not UTF-8 text, or memory is out");
	n = json_dumpb(object, buf, cap, JSON_COMPACT);
	json_decref(object);
	if (n == 0 || n >= cap)
		return al_fail(err, AL_ELIMIT, AL_AT_CHANNEL, 0,
		    "the host is too long");
	buf[n] = '\0';
	return AL_OK;
}
