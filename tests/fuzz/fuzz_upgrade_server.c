/* tests/fuzz/fuzz_upgrade_server.c - what a client may ask of us. */
#include "connector/engine/upgrade.h"
#include "tests/fuzz/fuzz.h"

static enum al_hs
answer(const struct al_machine *m, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	const struct al_upgrade_request *r = al_upgrade_request(m);
	bool offered = al_upgrade_offers(r, "mux");
	enum al_code code;

	CHECK(r->path[0] == '/' && (r->kind == AL_UPGRADE_BROKEN) ==
	    (r->why[0] != '\0'));
	if (r->kind == AL_UPGRADE_WEBSOCKET)
		code = al_upgrade_accept(m, offered ? "mux" : NULL, err);
	else if (r->kind == AL_UPGRADE_BROKEN)
		code = al_upgrade_refuse_broken(m, err);
	else
		code = al_upgrade_reply(m, 404, "Not Found", NULL, 0, NULL,
		    err);
	CHECK(code == AL_OK);
	return m->ops->step(m->m, in, out, err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	size_t chunk = fuzz_chunk(&p, &len);
	struct al_machine m;
	struct al_buf in, out;
	struct al_err err = { 0 };
	enum al_hs r;

	al_buf_init(&in, 16 * 1024);
	al_buf_init(&out, 64 * 1024);
	CHECK(al_upgrade_server(&m, &err) == AL_OK);
	while ((r = m.ops->step(m.m, &in, &out, &err)) == AL_HS_MORE &&
	    len > 0) {
		size_t n = len < chunk ? len : chunk;

		CHECK(al_buf_put(&in, p, n) == AL_OK);
		p += n;
		len -= n;
	}
	if (r == AL_HS_NEED)
		r = answer(&m, &in, &out, &err);
	else if (r == AL_HS_MORE)
		r = m.ops->eof(m.m, &in, &err);
	CHECK(r == AL_HS_DONE || (r == AL_HS_FAIL && err.text[0] != '\0'));
	m.ops->free(m.m);
	al_buf_fini(&in);
	al_buf_fini(&out);
	return 0;
}
