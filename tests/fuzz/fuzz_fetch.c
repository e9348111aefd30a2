/* tests/fuzz/fuzz_fetch.c - URLs of PAC files, redirects, data, answers. */
#include "connector/autoconf/fetch.h"
#include "connector/autoconf/get.h"
#include "connector/autoconf/location.h"
#include "connector/base/str.h"
#include "tests/fuzz/fuzz_machine.h"

static void
check_http(const struct al_location *l)
{
	CHECK(l->url.host[0] != '\0' && l->url.port > 0);
	CHECK(l->url.path[0] == '/' && l->url.user == NULL);
	CHECK(al_str_is_line(l->url.path, strlen(l->url.path)));
	CHECK(strpbrk(l->url.path, " #") == NULL);
}

static void
locate(const char *text)
{
	static const char *const bases[] = { "http://a/b/c/d;p?q",
	    "https://[::1]:8443", NULL };
	struct al_location l, base;
	struct al_err err;
	char shown[64];
	size_t i;

	al_fetch_show(text, shown, sizeof(shown));
	CHECK(al_str_is_line(shown, strlen(shown)));
	if (al_location_parse(&l, text, &err) == AL_OK) {
		if (l.kind == AL_LOCATION_HTTP || l.kind == AL_LOCATION_HTTPS)
			check_http(&l);
		CHECK(l.kind != AL_LOCATION_FILE || l.path[0] == '/');
		al_location_fini(&l);
	}
	for (i = 0; bases[i] != NULL; i++) {
		CHECK(al_location_parse(&base, bases[i], &err) == AL_OK);
		if (al_location_follow(&l, &base, text, &err) == AL_OK) {
			check_http(&l);
			al_location_fini(&l);
		}
		al_location_fini(&base);
	}
}

static void
decode(const char *text)
{
	struct al_buf out;
	struct al_err err;
	char *type;

	al_buf_init(&out, 64);
	if (al_data_decode(&out, &type, text, &err) == AL_OK)
		free(type);
	al_buf_fini(&out);
}

static struct fuzz_end
answer(const uint8_t *p, size_t len, size_t chunk, struct al_get *g)
{
	struct al_machine m;
	struct al_err err;

	al_get_init(g);
	CHECK(al_get_machine(&m, g, "h", "/p.pac", &err) == AL_OK);
	return fuzz_talk(m, p, len, chunk);
}

static void
get(const uint8_t *p, size_t len, size_t chunk)
{
	struct al_get a, b;
	struct fuzz_end end = answer(p, len, 4096, &a);

	fuzz_same(end, answer(p, len, chunk, &b));
	if (end.r == AL_HS_DONE) {
		CHECK(a.status == 200 || a.location != NULL);
		CHECK(al_buf_len(&a.body) == al_buf_len(&b.body));
		CHECK(al_buf_len(&a.body) == 0 ||
		    memcmp(al_buf_head(&a.body), al_buf_head(&b.body),
		    al_buf_len(&a.body)) == 0);
		CHECK(a.max_age_s == b.max_age_s);
	}
	al_get_fini(&a);
	al_get_fini(&b);
}

/* An answer, if it begins like one; otherwise a text. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	size_t chunk = fuzz_chunk(&p, &len);
	char *text;

	if (len > 0 && p[0] == 'H') {
		get(p, len, chunk);
		return 0;
	}
	text = al_str_dup(p, len);
	if (text == NULL)
		return 0;
	locate(text);
	decode(text);
	free(text);
	return 0;
}
