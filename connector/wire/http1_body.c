/* connector/wire/http1_body.c - the body behind a head, to be skipped. */
#include <string.h>

#include "connector/base/str.h"
#include "connector/wire/http1.h"

#define CHUNK_LINE_MAX	4096		/* size and extensions    */
#define TRAILER_MAX	(64 * 1024)	/* all its lines together */

enum {
	B_DATA,			/* left bytes of content, then over or CRLF  */
	B_SIZE,			/* digits of a chunk's size                  */
	B_EXTENSION,		/* the rest of that line                     */
	B_CHUNK,		/* left bytes of a chunk                     */
	B_CHUNK_END,		/* the line end behind it                    */
	B_TRAILER,		/* lines up to an empty one                  */
	B_OVER
};

static enum al_code
broken(const struct al_http1_body *b, struct al_err *err, const char *why)
{
	return al_fail(err, AL_EPROTO, b->stage, 0, "broken HTTP body: %s",
	    why);
}

/* "5", and "5, 5" or two fields as long as all agree (RFC 9112 6.3). */
static enum al_code
lengths(struct al_http1_body *b, const struct al_http1 *h, struct al_err *err)
{
	const char *p;
	unsigned i, seen = 0;
	uint64_t n;

	for (i = 0; (p = al_http1_get(h, "Content-Length", i)) != NULL; i++) {
		for (;;) {
			size_t len = strcspn(p, ", \t");

			if (!al_str_u64(p, len, INT64_MAX, &n) ||
			    (seen++ > 0 && n != b->left))
				return broken(b, err, "Content-Length is not "
				    "one number");
			b->left = n;
			p += len + strspn(p + len, ", \t");
			if (*p == '\0')
				break;
		}
	}
	if (seen == 0)
		return AL_AGAIN;
	b->framing = AL_HTTP1_LENGTH;
	return AL_OK;
}

enum al_code
al_http1_body_init(struct al_http1_body *b, const struct al_http1 *h,
    struct al_err *err)
{
	bool reply = h->kind == AL_HTTP1_REPLY;
	enum al_code code;

	*b = (struct al_http1_body){ .stage = h->stage, .state = B_OVER };
	if (reply && (h->status < 200 || h->status == 204 ||
	    h->status == 304))
		return AL_OK;
	if (al_http1_has_token(h, "Transfer-Encoding", "chunked")) {
		b->framing = AL_HTTP1_CHUNKED;
		b->state = B_SIZE;
		return AL_OK;
	}
	b->state = B_DATA;
	code = al_http1_get(h, "Transfer-Encoding", 0) != NULL ? AL_AGAIN :
	    lengths(b, h, err);
	if (code != AL_AGAIN)
		return code;
	b->framing = reply ? AL_HTTP1_UNTIL_CLOSE : AL_HTTP1_NO_BODY;
	b->left = reply ? UINT64_MAX : 0;
	return AL_OK;
}

/* Content: as much of left as is here. */
static size_t
content(struct al_http1_body *b, const uint8_t *p, size_t len,
    const uint8_t **data, size_t *data_len)
{
	size_t n = b->left < len ? (size_t)b->left : len;

	*data = p;
	*data_len = n;
	if (b->framing != AL_HTTP1_UNTIL_CLOSE)
		b->left -= n;
	return n;
}

static enum al_code
size_digit(struct al_http1_body *b, uint8_t c, struct al_err *err)
{
	int digit = al_hex_digit(c);

	if (digit >= 0) {
		if (++b->line > 15)
			return broken(b, err, "a chunk is too long");
		b->left = b->left << 4 | (uint64_t)digit;
		return AL_OK;
	}
	if (b->line == 0 || (c != '\r' && c != '\n' && c != ';' && c != ' ' &&
	    c != '\t'))
		return broken(b, err, "a chunk without a size");
	b->state = B_EXTENSION;
	return AL_OK;
}

/* One byte of what is not content. */
static enum al_code
frame_byte(struct al_http1_body *b, uint8_t c, struct al_err *err)
{
	enum al_code code = AL_OK;

	if (b->state == B_SIZE)
		code = size_digit(b, c, err);
	switch (b->state) {
	case B_EXTENSION:
		if (++b->line > CHUNK_LINE_MAX)
			return broken(b, err, "a chunk's line is too long");
		if (c == '\n') {
			b->state = b->left > 0 ? B_CHUNK : B_TRAILER;
			b->line = 0;
			if (b->state == B_TRAILER)
				b->left = TRAILER_MAX;
		}
		break;
	case B_CHUNK_END:
		if (c == '\n')
			b->state = B_SIZE;
		else if (c != '\r' || b->line++ > 0)
			return broken(b, err, "a chunk is longer than its "
			    "size");
		if (c == '\n')
			b->line = 0;
		break;
	case B_TRAILER:
		if (b->left-- == 0)
			return broken(b, err, "the trailer is too long");
		if (c == '\n' && b->line == 0)
			b->state = B_OVER;
		else if (c == '\n')
			b->line = 0;
		else if (c != '\r')
			b->line = 1;
		break;
	}
	return code;
}

enum al_code
al_http1_body_feed(struct al_http1_body *b, const uint8_t *p, size_t len,
    size_t *used, const uint8_t **data, size_t *data_len, struct al_err *err)
{
	enum al_code code;

	*used = *data_len = 0;
	*data = NULL;
	while (*used < len && b->state != B_OVER) {
		if (b->state == B_DATA || b->state == B_CHUNK) {
			*used += content(b, p + *used, len - *used, data,
			    data_len);
			if (b->left == 0 && b->state == B_CHUNK)
				b->state = B_CHUNK_END;
			break;
		}
		code = frame_byte(b, p[(*used)++], err);
		if (code != AL_OK)
			return code;
	}
	b->taken += *used;
	if (b->state == B_DATA && b->left == 0)
		b->state = B_OVER;
	return b->state == B_OVER ? AL_OK : AL_AGAIN;
}

enum al_code
al_http1_body_feed_from(struct al_http1_body *b, struct al_buf *in,
    struct al_buf *page, struct al_err *err)
{
	const uint8_t *data;
	size_t used, len, room;
	enum al_code code;

	do {
		code = al_http1_body_feed(b, al_buf_head(in), al_buf_len(in),
		    &used, &data, &len, err);
		room = page != NULL ? page->max - al_buf_len(page) : 0;
		if (room > 0 && al_buf_put(page, data, len < room ? len :
		    room) != AL_OK)
			code = al_fail_nomem(err, b->stage);
		al_buf_drain(in, used);
	} while (code == AL_AGAIN && al_buf_len(in) > 0);
	return code;
}
