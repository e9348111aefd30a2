/* connector/helper/gss_answer.c - what alpacon-gss-helper says, taken apart. */
#include "connector/helper/gss_answer.h"

#include "connector/base/reader.h"
#include "connector/base/str.h"

/* What a class means for the dialer and for netcheck. */
static const struct {
	enum al_code	code;
	int		cause;
} classes[] = {
	[AL_GSS_OTHER] = { AL_EAUTH, 0 },
	[AL_GSS_NO_CREDENTIALS] = { AL_EAUTH, 133 },
	[AL_GSS_EXPIRED] = { AL_EAUTH, 133 },
	[AL_GSS_UNKNOWN_SERVER] = { AL_EAUTH, 134 },
	[AL_GSS_KDC_UNREACHABLE] = { AL_ENET, 0 },
	[AL_GSS_CLOCK_SKEW] = { AL_EAUTH, 135 },
	[AL_GSS_WRONG_PASSWORD] = { AL_EAUTH, 131 },
};

static void
nonsense(struct al_gss_result *r, struct al_err *err)
{
	(void)al_fail(err, AL_EPROTO, AL_AT_PROXY, 0,
	    "kerberos: alpacon-gss-helper answered with nonsense");
	r->err = err;
}

static void
failed(struct al_gss_result *r, struct al_reader *in, struct al_err *err)
{
	uint8_t why = al_read_u8(in);
	char text[380];

	if (in->bad || why >= sizeof(classes) / sizeof(classes[0])) {
		nonsense(r, err);
		return;
	}
	(void)al_str_clean(text, sizeof(text), in->p, in->len);
	(void)al_fail_as(err, classes[why].code, AL_AT_PROXY, 0,
	    classes[why].cause, "kerberos: %s", text);
	r->err = err;
	r->why = why;
}

void
al_gss_answer(struct al_gss_result *r, enum al_gss_type asked,
    const uint8_t *msg, size_t len, struct al_err *err)
{
	struct al_reader in = al_reader(msg, len);
	bool context = asked == AL_GSS_START || asked == AL_GSS_STEP;
	uint8_t type = al_read_u8(&in), flags;

	if (type == AL_GSS_FAIL) {
		failed(r, &in, err);
		return;
	}
	flags = al_read_u8(&in);
	/* CONTINUE without a token would have the peer wait for ever */
	if (in.bad || (type == AL_GSS_CONTINUE && in.len == 0) ||
	    (type != AL_GSS_BYTES && !context) ||
	    (type == AL_GSS_BYTES && context) || type < AL_GSS_CONTINUE ||
	    type > AL_GSS_BYTES) {
		nonsense(r, err);
		return;
	}
	r->done = type != AL_GSS_CONTINUE;
	r->flags = type == AL_GSS_BYTES ? (flags ? AL_GSS_CAN_SEAL : 0) : flags;
	r->token = in.len > 0 ? in.p : NULL;
	r->len = in.len;
}
