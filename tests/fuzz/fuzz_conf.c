/* tests/fuzz/fuzz_conf.c - settings files, and what leaves the log's writer. */
#include "connector/base/str.h"
#include "connector/daemon/conf.h"
#include "connector/daemon/redact.h"
#include "tests/fuzz/fuzz.h"

#define CANARY	"c4n4ry"

static const struct al_conf_key keys[] = {
	{ .key = "url", .type = AL_CONF_URL },
	{ .key = "proxy", .type = AL_CONF_PROXY, .flags = AL_CONF_LIST },
	{ .key = "key", .type = AL_CONF_TEXT, .flags = AL_CONF_SECRET },
	{ .key = "file", .type = AL_CONF_PATH },
	{ .key = "retry", .type = AL_CONF_TIME, .min = 1, .max = 60000,
	    .def = "30s" },
	{ .key = "ring", .type = AL_CONF_SIZE, .def = "1M" },
	{ .section = "agent", .key = "listen", .type = AL_CONF_LOOPBACK },
	{ .section = "agent", .key = "on", .type = AL_CONF_BOOL },
	{ .section = "forward", .key = "listen", .type = AL_CONF_LISTEN,
	    .flags = AL_CONF_NAMED | AL_CONF_REQUIRED },
	{ .section = "forward", .key = "target", .type = AL_CONF_HOSTPORT,
	    .flags = AL_CONF_NAMED },
};

/* Every complaint has a place; whatever is accepted can be printed. */
static void
settings(const char *text, size_t len, unsigned flags, FILE *out)
{
	struct al_conf *c = al_conf_new(keys, sizeof(keys) / sizeof(keys[0]));
	struct al_err err;

	CHECK(c != NULL);
	if (al_conf_read_text(c, "f", text, len, 0600, flags, &err) !=
	    AL_OK || al_conf_finish(c, &err) != AL_OK) {
		CHECK(err.code == AL_EUSAGE && strchr(err.text, ':') != NULL);
	} else {
		al_conf_print(c, out);
		CHECK(al_conf_uint(c, NULL, NULL, "retry") > 0);
	}
	al_conf_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	unsigned flags = len > 0 && (p[0] & 1) != 0 ? AL_CONF_FOREIGN : 0;
	char *text = al_str_dup(p, len), *safe, *printed = NULL;
	size_t printed_len = 0;
	struct al_err err;
	FILE *f = open_memstream(&printed, &printed_len);

	CHECK(text != NULL && f != NULL);
	/* an include would read the machine's files */
	if (memmem(text, len, "nclude", 6) == NULL &&
	    memmem(text, len, "NCLUDE", 6) == NULL)
		settings(text, len, flags, f);
	(void)fclose(f);
	CHECK(al_redact_add(CANARY, &err) == AL_OK);
	safe = al_redact_bytes(text, len);
	CHECK(safe != NULL && strstr(safe, CANARY) == NULL);
	al_redact_remove(CANARY);
	free(safe);
	free(printed);
	free(text);
	return 0;
}
