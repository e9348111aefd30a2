/* tests/fuzz/fuzz_request.c - the JSON of OPEN frames. */
#include "connector/base/str.h"
#include "connector/connectord/request.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	char *text = al_str_dup(p, len), buf[AL_REQUEST_AGENT_MAX];
	struct al_request r;
	struct al_err err;

	if (text == NULL)
		return 0;
	if (al_request_parse(&r, text, &err) == AL_OK) {
		CHECK(r.host[0] != '\0' && r.port != 0);
		CHECK(al_request_format_agent(buf, sizeof(buf), r.host,
		    r.port, &err) == AL_OK);
		CHECK(al_str_is_line(buf, strlen(buf)));
	} else {
		CHECK(al_str_is_line(err.text, strlen(err.text)));
	}
	free(text);
	return 0;
}
