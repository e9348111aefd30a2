/* connector/stream/tls_bio.c - between libssl and the layer below: batches. */
#include "connector/stream/tls_int.h"

#include <string.h>

/*
 * libssl reads a record's five bytes, then its body, and writes record by
 * record.  Below us each of these would be a system call; here they are
 * copies, and up to eight records are one call.  A batch is held only while
 * it has bytes.  What libssl has asked for it takes even in part, so between
 * two calls that found nothing more the inbound batch is always empty.
 */

static void
note_first(struct al_tls *t, const uint8_t *p, size_t len)
{
	size_t n = sizeof(t->first) - t->first_len;

	if (n > len)
		n = len;
	memcpy(t->first + t->first_len, p, n);
	t->first_len = (uint8_t)(t->first_len + n);
}

/* More sealed bytes from below; false: none now, or never. */
static bool
fill(struct al_tls *t)
{
	struct al_tls_batch *b = &t->in;
	enum al_code code;
	size_t n = 0;

	if (t->eof || t->failed != AL_OK)
		return false;
	b->mem = al_tls_ctx_take(t->ctx);
	if (b->mem == NULL) {
		t->failed = al_fail_nomem(t->err, AL_AT_TLS);
		return false;
	}
	code = al_stream_read(t->s.next, b->mem, AL_TLS_BATCH, &n, t->err);
	if (code == AL_OK) {
		b->start = 0;
		b->end = (uint32_t)n;
		if (!t->open)
			note_first(t, b->mem, n);
		return true;
	}
	al_tls_ctx_give(t->ctx, b->mem);
	b->mem = NULL;
	if (code == AL_AGAIN) {
		t->blocked = true;
	} else if (code == AL_EOF) {
		t->eof = true;
	} else {
		t->failed = code;
		t->dead = true;
	}
	return false;
}

static int
bio_read(BIO *bio, char *p, size_t len, size_t *n)
{
	struct al_tls *t = BIO_get_data(bio);
	struct al_tls_batch *b = &t->in;

	BIO_clear_retry_flags(bio);
	*n = 0;
	if (b->mem == NULL && !fill(t)) {
		if (t->blocked) {
			t->want_read = true;
			BIO_set_retry_read(bio);
		}
		return 0;
	}
	if (len > b->end - b->start)
		len = b->end - b->start;
	memcpy(p, b->mem + b->start, len);
	b->start += (uint32_t)len;
	if (b->start == b->end) {
		al_tls_ctx_give(t->ctx, b->mem);
		b->mem = NULL;
		b->start = b->end = 0;
	}
	*n = len;
	return 1;
}

/* A layer that takes only a part has no room just now: no need to ask it. */
enum al_code
al_tls_push(struct al_tls *t, struct al_err *err)
{
	struct al_tls_batch *b = &t->out;
	enum al_code code;
	size_t n;

	if (b->start < b->end) {
		code = al_stream_write(t->s.next, b->mem + b->start,
		    b->end - b->start, &n, err);
		if (code != AL_OK)
			return code;
		b->start += (uint32_t)n;
		if (b->start < b->end)
			return AL_AGAIN;
	}
	al_tls_ctx_give(t->ctx, b->mem);
	*b = (struct al_tls_batch){ NULL, 0, 0 };
	return AL_OK;
}

enum al_code
al_tls_room(struct al_tls *t, size_t len, struct al_err *err)
{
	struct al_tls_batch *b = &t->out;
	enum al_code code;

	if (b->mem != NULL && AL_TLS_BATCH - b->end < len) {
		code = al_tls_push(t, err);
		if (code != AL_OK)
			return code;
	}
	if (b->mem == NULL)
		b->mem = al_tls_ctx_take(t->ctx);
	return b->mem != NULL ? AL_OK : al_fail_nomem(err, AL_AT_TLS);
}

static int
bio_write(BIO *bio, const char *p, size_t len, size_t *n)
{
	struct al_tls *t = BIO_get_data(bio);
	struct al_err err;
	enum al_code code;

	BIO_clear_retry_flags(bio);
	*n = 0;
	if (len > AL_TLS_BATCH)
		len = AL_TLS_BATCH;
	code = al_tls_room(t, len, &err);
	if (code == AL_AGAIN) {
		t->blocked = true;
		BIO_set_retry_write(bio);
		return 0;
	}
	if (code != AL_OK) {
		t->dead = true;
		/* Behind a first failure libssl still wants to send an
		 * alert: the first reason stands. */
		if (t->failed == AL_OK) {
			t->failed = code;
			*t->err = err;
		}
		return 0;
	}
	memcpy(t->out.mem + t->out.end, p, len);
	t->out.end += (uint32_t)len;
	*n = len;
	return 1;
}

static long
bio_ctrl(BIO *bio, int cmd, long num, void *arg)
{
	const struct al_tls *t = BIO_get_data(bio);

	(void)num;
	(void)arg;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;	/* ops->flush decides when */
	case BIO_CTRL_EOF:
		return t->eof;
	default:
		return 0;
	}
}

BIO_METHOD *
al_tls_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_TYPE_START,
	    "alpacon stream");

	if (m == NULL || BIO_meth_set_read_ex(m, bio_read) != 1 ||
	    BIO_meth_set_write_ex(m, bio_write) != 1 ||
	    BIO_meth_set_ctrl(m, bio_ctrl) != 1) {
		BIO_meth_free(m);
		return NULL;
	}
	return m;
}
