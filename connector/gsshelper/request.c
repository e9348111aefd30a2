/* connector/gsshelper/request.c - what a START asks for. */
#include "connector/gsshelper/request.h"

#include <string.h>

#include "connector/base/reader.h"

/* A text in C cannot hold a NUL: "HTTP@good\0evil" is refused, not cut. */
static void
read_text(struct al_reader *in, char out[static AL_GSS_TEXT_MAX + 1])
{
	size_t len = al_read_u16(in);

	if (len > AL_GSS_TEXT_MAX) {
		in->bad = true;
		return;
	}
	al_read_into(in, out, len);
	out[len] = '\0';
	if (strlen(out) != len)
		in->bad = true;
}

bool
request_decode(struct request *r, const uint8_t *p, size_t len)
{
	struct al_reader in = al_reader(p, len);
	uint8_t mech = al_read_u8(&in), source = al_read_u8(&in);

	read_text(&in, r->target);
	read_text(&in, r->ccache);
	read_text(&in, r->keytab);
	read_text(&in, r->principal);
	read_text(&in, r->password);
	r->bindings_len = al_read_u16(&in);
	if (r->bindings_len > sizeof(r->bindings))
		return false;
	al_read_into(&in, r->bindings, r->bindings_len);
	if (in.bad || in.len > 0 || mech > AL_GSS_KRB5 ||
	    source > AL_GSS_PASSWORD || r->target[0] == '\0')
		return false;
	r->mech = mech;
	r->source = source;
	return true;
}
