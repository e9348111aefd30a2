/* pac/helper/question.c - what the library may ask a PAC helper. */
#include "pac/helper/question.h"

#include "connector/base/reader.h"

static void
read_addrs(struct question *q, struct al_reader *in)
{
	struct al_script_ip *a;

	while (in->len > 0 && q->n_addrs < AL_PAC_ADDRS_MAX) {
		a = &q->addrs[q->n_addrs++];
		a->family = al_read_u8(in);
		if (a->family != 4 && a->family != 6)
			in->bad = true;
		al_read_into(in, a->bytes, a->family == 4 ? 4 : 16);
	}
	if (in->len > 0)
		in->bad = true;
}

static const char *
read_text(struct al_reader *in, size_t len)
{
	return (const char *)al_read_bytes(in, len);
}

bool
question_decode(struct question *q, const uint8_t *p, size_t len)
{
	struct al_reader in = al_reader(p, len);

	*q = (struct question){ .ask = al_read_u8(&in) };
	switch (q->ask) {
	case AL_PAC_LOAD:
		q->clock_ms = (int64_t)al_read_u64(&in);
		q->script_len = in.len;
		q->script = read_text(&in, in.len);
		return !in.bad && q->script_len <= AL_PAC_SCRIPT_MAX;
	case AL_PAC_EVAL:
		q->clock_ms = (int64_t)al_read_u64(&in);
		q->url_len = al_read_u16(&in);
		q->url = read_text(&in, q->url_len);
		q->host_len = in.len;
		q->host = read_text(&in, in.len);
		return !in.bad && q->url_len <= AL_PAC_URL_MAX;
	case AL_PAC_ADDRS:
		read_addrs(q, &in);
		return !in.bad;
	}
	return false;
}
