/* connector/gsshelper/main.c - alpacon-gss-helper: it may block. */
#include <string.h>

#include "connector/gsshelper/context.h"
#include "connector/helper/serve.h"

/* Both are wiped: a START has a password in it, and tokens are secrets too. */
static uint8_t question[AL_GSS_MSG_MAX], reply[AL_GSS_MSG_MAX];

static size_t
put_failure(const struct failure *f)
{
	size_t len = strlen(f->text);

	reply[0] = AL_GSS_FAIL;
	reply[1] = (uint8_t)f->why;
	(void)memcpy(reply + 2, f->text, len);
	return 2 + len;
}

/* Takes out. */
static size_t
put_bytes(enum al_gss_answer type, unsigned flags, gss_buffer_t out)
{
	struct failure f;
	OM_uint32 minor;
	size_t len = 2 + out->length;

	if (len > sizeof(reply)) {
		(void)fail_text(&f, "the token is too long");
		len = put_failure(&f);
	} else {
		reply[0] = (uint8_t)type;
		reply[1] = (uint8_t)flags;
		if (out->length > 0)
			(void)memcpy(reply + 2, out->value, out->length);
	}
	if (out->length > 0)
		explicit_bzero(out->value, out->length);
	(void)gss_release_buffer(&minor, out);
	return len;
}

static bool
start(struct context *c, const uint8_t *p, size_t len, gss_buffer_t out,
    struct failure *f)
{
	struct request r;
	bool ok;

	ok = request_decode(&r, p, len) ? context_start(c, &r, out, f) :
	    fail_text(f, "not a question that this helper knows");
	explicit_bzero(&r, sizeof(r));
	return ok;
}

static unsigned
abilities(const struct context *c)
{
	return (c->flags & GSS_C_INTEG_FLAG ? AL_GSS_CAN_SIGN : 0) |
	    (c->flags & GSS_C_CONF_FLAG ? AL_GSS_CAN_SEAL : 0);
}

static size_t
put_token(const struct context *c, gss_buffer_t out)
{
	return put_bytes(c->done ? AL_GSS_DONE : AL_GSS_CONTINUE,
	    abilities(c), out);
}

static size_t
answer(struct context *c, size_t len)
{
	gss_buffer_desc in = { len > 0 ? len - 1 : 0, question + 1 };
	gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
	struct failure f = { .why = AL_GSS_OTHER };
	bool seal;

	switch (len > 0 ? question[0] : 0) {
	case AL_GSS_START:
		if (start(c, in.value, in.length, &out, &f))
			return put_token(c, &out);
		break;
	case AL_GSS_STEP:
		if (context_step(c, &in, &out, &f))
			return put_token(c, &out);
		break;
	case AL_GSS_WRAP:
		if (in.length == 0)
			break;
		seal = question[1] != 0;
		in = (gss_buffer_desc){ in.length - 1, question + 2 };
		if (context_wrap(c, seal, &in, &out, &f))
			return put_bytes(AL_GSS_BYTES, seal, &out);
		break;
	case AL_GSS_UNWRAP:
		if (context_unwrap(c, &in, &out, &seal, &f))
			return put_bytes(AL_GSS_BYTES, seal, &out);
		break;
	default:
		break;
	}
	if (f.text[0] == '\0')
		(void)fail_text(&f, "not a question that this helper knows");
	return put_failure(&f);
}

int
main(void)
{
	/* a FILE: cache grows by a service ticket each; that must fit */
	const struct al_serve_limits limits = { .memory = 512u << 20,
	    .files = 64, .file_size = 16u << 20 };
	int fd = al_serve_begin(&limits);
	struct context c = { 0 };
	bool going = fd >= 0;
	size_t len;

	while (going && al_serve_read(fd, question, sizeof(question), &len)) {
		len = answer(&c, len);
		explicit_bzero(question, sizeof(question));
		going = al_serve_write(fd, reply, len);
		explicit_bzero(reply, sizeof(reply));
	}
	context_fini(&c);
	return fd >= 0 ? 0 : 64;
}
