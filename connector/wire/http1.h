/* connector/wire/http1.h - HTTP/1 heads, bodies to skip, heads to write. */
#ifndef AL_WIRE_HTTP1_H
#define AL_WIRE_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/buf.h"
#include "connector/base/err.h"

/*
 * A reply is read as leniently as real proxies need: up to two empty lines
 * before it, bare LF, folded fields (joined by a blank), no reason.  A
 * request is read strictly: whatever two parsers could read in two ways is
 * refused (RFC 9112 11.2), and so is a body on GET, HEAD and CONNECT.
 */
enum al_http1_kind { AL_HTTP1_REPLY, AL_HTTP1_REQUEST };

struct al_http1 {
	enum al_http1_kind	 kind;
	enum al_stage		 stage;		/* of errors               */
	size_t			 line_max;	/* may be set after init   */
	size_t			 head_max;	/* may be set after init   */
	int			 status;	/* of a reply: 100 to 999  */
	int			 minor;		/* HTTP/1.minor            */

	/* private */
	size_t			 line, seen;
	unsigned		 blank, fields;
	struct al_buf		 text;		/* start line, then fields,
						 * each text ended by NUL  */
	size_t			 first;		/* offset of the fields    */
};

/* 64 KiB a line and 256 KiB a head of a reply; 8 KiB for a request. */
void al_http1_init(struct al_http1 *h, enum al_http1_kind kind,
    enum al_stage stage);
/* Ready for the next head, with the same limits. */
void al_http1_reset(struct al_http1 *h);
void al_http1_fini(struct al_http1 *h);		/* wipes */

/*
 * p and len: all bytes since the first of this head, each time; what was
 * looked at before is not looked at again.  AL_AGAIN: more bytes are needed.
 * AL_OK: *head_len bytes were the head, texts are valid until reset or fini.
 * EPROTO, ELIMIT, ENOMEM: reset or fini it.
 */
enum al_code al_http1_feed(struct al_http1 *h, const void *p, size_t len,
    size_t *head_len, struct al_err *err) AL_MUST_CHECK;
/* The same with what in holds, out of which a whole head goes.  ELIMIT also
 * when in is full and the head is not over. */
enum al_code al_http1_feed_from(struct al_http1 *h, struct al_buf *in,
    struct al_err *err) AL_MUST_CHECK;

const char *al_http1_reason(const struct al_http1 *h);	/* "" if none */
const char *al_http1_method(const struct al_http1 *h);
const char *al_http1_target(const struct al_http1 *h);

/* The value of the nth (0: first) field of that name, or NULL. */
const char *al_http1_get(const struct al_http1 *h, const char *name,
    unsigned nth);
bool al_http1_is_html(const struct al_http1 *h);	/* Content-Type */
/* All fields in order: *it is 0 at first; false when there are no more. */
bool al_http1_next(const struct al_http1 *h, size_t *it, const char **name,
    const char **value);
/* The comma separated lists of all fields of that name hold token. */
bool al_http1_has_token(const struct al_http1 *h, const char *name,
    const char *token);

/* --- the body behind a head ----------------------------------------------- */
enum al_http1_framing {
	AL_HTTP1_NO_BODY,
	AL_HTTP1_LENGTH,
	AL_HTTP1_CHUNKED,
	AL_HTTP1_UNTIL_CLOSE
};

struct al_http1_body {
	enum al_http1_framing	framing;
	enum al_stage		stage;
	uint64_t		taken;		/* so far, framing included */
	/* private */
	int			state;
	uint64_t		left;
	size_t			line;
};

/* What RFC 9112 6.3 says about the head h.  EPROTO: contradictions. */
enum al_code al_http1_body_init(struct al_http1_body *b,
    const struct al_http1 *h, struct al_err *err) AL_MUST_CHECK;
/*
 * Takes *used of the len bytes; *data and *data_len are content among them
 * (maybe none).  AL_OK: the body is over; AL_AGAIN: call again with the
 * bytes left, or with more.  AL_HTTP1_UNTIL_CLOSE is never over by itself.
 */
enum al_code al_http1_body_feed(struct al_http1_body *b, const uint8_t *p,
    size_t len, size_t *used, const uint8_t **data, size_t *data_len,
    struct al_err *err) AL_MUST_CHECK;
/* The same with what in holds: all of it goes, up to the body's end.  Of the
 * content page keeps what fits; NULL: nothing.  Also ENOMEM. */
enum al_code al_http1_body_feed_from(struct al_http1_body *b,
    struct al_buf *in, struct al_buf *page, struct al_err *err)
    AL_MUST_CHECK;

/* --- writing -------------------------------------------------------------- */
struct al_http1_field {
	const char	*name, *value;	/* value NULL: left out */
};

/*
 * Append a head.  CR or LF anywhere, a blank in method, target or name:
 * EUSAGE, and out is as it was; the text names the field, not its value.
 */
enum al_code al_http1_put_request(struct al_buf *out, const char *method,
    const char *target, const struct al_http1_field *fields, size_t n,
    enum al_stage stage, struct al_err *err) AL_MUST_CHECK;
/* With body not NULL: Content-Length, text/plain, and the body. */
enum al_code al_http1_put_reply(struct al_buf *out, int status,
    const char *reason, const struct al_http1_field *fields, size_t n,
    const char *body, enum al_stage stage, struct al_err *err) AL_MUST_CHECK;

#endif
