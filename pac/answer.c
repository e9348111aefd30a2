/* pac/answer.c - what alpacon-pac-helper says, taken apart. */
#include "pac/answer.h"

#include "connector/base/addr.h"
#include "connector/base/str.h"

/* | kind, u8 | length, u32 | bytes | */
static uint8_t
record(struct al_reader *in, struct al_reader *body)
{
	uint8_t kind = al_read_u8(in);

	*body = al_read_part(in, al_read_u32(in));
	return kind;
}

/* A name, or one's own addresses, which have none. */
static bool
take_lookup(struct al_pac_said *s, struct al_reader in)
{
	uint8_t what = al_read_u8(&in);
	bool own = what == AL_PAC_OWN4 || what == AL_PAC_OWN;

	if (in.bad || what < AL_PAC_NAME4 || what > AL_PAC_OWN ||
	    in.len > AL_HOST_MAX || own != (in.len == 0))
		return false;
	s->what = (enum al_pac_what)what;
	s->bytes = in.p;
	s->len = in.len;
	return true;
}

static bool
take_fault(struct al_pac_fault *f, struct al_reader in)
{
	uint8_t stage = al_read_u8(&in);
	const uint8_t *message;
	size_t len;

	f->line = al_read_u32(&in);
	f->column = al_read_u32(&in);
	len = al_read_u16(&in);
	message = al_read_bytes(&in, len);
	if (in.bad || stage < AL_PAC_AT_SYNTAX || stage > AL_PAC_AT_RESULT)
		return false;
	f->stage = (enum al_pac_stage)stage;
	(void)al_str_clean(f->message, sizeof(f->message), message, len);
	(void)al_str_clean(f->text, sizeof(f->text), in.p, in.len);
	return true;
}

bool
al_pac_said_parse(struct al_pac_said *s, const uint8_t *msg, size_t len)
{
	struct al_reader in = al_reader(msg, len), body, before = in;
	uint8_t kind;

	*s = (struct al_pac_said){ .bytes = NULL };
	if (len > AL_PAC_ANSWER_MAX)
		return false;
	while ((kind = record(&in, &body)) == AL_PAC_ALERT && !in.bad)
		before = in;
	if (in.bad || in.len > 0)
		return false;
	s->kind = (enum al_pac_kind)kind;
	s->alerts = al_reader(msg, len - before.len);
	s->bytes = body.p;
	s->len = body.len;
	switch (kind) {
	case AL_PAC_LOADED:
		return true;
	case AL_PAC_RESULT:
		return body.len <= AL_PAC_RESULT_MAX;
	case AL_PAC_LOOKUP:
		return take_lookup(s, body);
	case AL_PAC_FAILED:
		return take_fault(&s->fault, body);
	default:
		return false;
	}
}

bool
al_pac_said_alert(struct al_pac_said *s, const uint8_t **p, size_t *len)
{
	struct al_reader body;

	if (s->alerts.len == 0)
		return false;
	(void)record(&s->alerts, &body);
	*p = body.p;
	*len = body.len;
	return true;
}
