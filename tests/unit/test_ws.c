/* tests/unit/test_ws.c - messages out of bytes, at every chunk size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connector/engine/ws.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define KEPT	16

/* A frame to be sent; op 0xff ends the row. */
struct piece {
	uint8_t		op;
	bool		fin;
	uint32_t	len;
};

#define WHOLE(len)	{ AL_WS_BINARY, true, len }
#define FIRST(len)	{ AL_WS_BINARY, false, len }
#define MORE(len)	{ AL_WS_CONT, false, len }
#define LAST(len)	{ AL_WS_CONT, true, len }
#define CONTROL(op, len) { op, true, len }
#define END		{ 0xff, false, 0 }

static const struct row {
	const char	*name;
	struct piece	 pieces[12];
} rows[] = {
	{ "empty message", { WHOLE(0), END } },
	{ "one byte", { WHOLE(1), END } },
	{ "125", { WHOLE(125), END } },
	{ "126", { WHOLE(126), END } },
	{ "127 and empty", { WHOLE(127), WHOLE(0), WHOLE(0), END } },
	{ "around the copy limit", { WHOLE(2047), WHOLE(2048), WHOLE(2049),
	    WHOLE(1), END } },
	{ "many in a read", { WHOLE(10), WHOLE(3000), WHOLE(20), WHOLE(2500),
	    WHOLE(0), WHOLE(2048), WHOLE(5), END } },
	{ "fragments", { FIRST(3), MORE(4), LAST(5), END } },
	{ "empty fragments", { FIRST(0), MORE(0), MORE(7), MORE(0), LAST(0),
	    WHOLE(3), END } },
	{ "nothing in fragments", { FIRST(0), LAST(0), WHOLE(1), END } },
	{ "large fragments", { FIRST(3000), LAST(3000), WHOLE(9), END } },
	{ "control alone", { CONTROL(AL_WS_PING, 0), CONTROL(AL_WS_PONG, 125),
	    CONTROL(AL_WS_CLOSE, 2), END } },
	{ "control between messages", { WHOLE(5), CONTROL(AL_WS_PING, 4),
	    WHOLE(2100), CONTROL(AL_WS_PING, 125), WHOLE(1), END } },
	{ "control between fragments", { FIRST(5), CONTROL(AL_WS_PING, 3),
	    MORE(6), CONTROL(AL_WS_PONG, 0), CONTROL(AL_WS_PING, 125),
	    LAST(7), CONTROL(AL_WS_CLOSE, 20), END } },
	{ "a TLS record", { WHOLE(16376), WHOLE(16376), END } },
	{ "just over one", { WHOLE(16377), WHOLE(16380), WHOLE(16384),
	    WHOLE(16385), WHOLE(2), END } },
	{ "65535", { WHOLE(65535), WHOLE(1), END } },
	{ "65536", { WHOLE(65536), WHOLE(4000), END } },
	{ "65536 in fragments", { FIRST(1), MORE(32767), MORE(32767), LAST(1),
	    WHOLE(7), END } },
	{ "65536 and empty ones", { FIRST(65536), MORE(0), LAST(0), END } },
};

/* --- a row as bytes, and what has to come of them ------------------------- */
#define BYTES_MAX	200000

struct want {
	uint8_t	 op;
	size_t	 len;
	uint8_t	*p;
};

struct script {
	uint8_t		*bytes;
	size_t		 len;
	struct want	 want[12];
	size_t		 n_want;
};

static uint8_t *
xmalloc(size_t len)
{
	uint8_t *p = malloc(len + 1);

	assert_non_null(p);
	return p;
}

static void
script_init(struct script *s, const struct row *r, bool masked)
{
	uint8_t *message = xmalloc(BYTES_MAX), *to, body;
	size_t message_len = 0, count = 0, i;
	const struct piece *p;

	*s = (struct script){ .bytes = xmalloc(BYTES_MAX) };
	for (p = r->pieces; p->op != 0xff; p++) {
		struct al_ws_frame f = { .op = p->op, .fin = p->fin,
		    .len = p->len, .masked = masked,
		    .key = { 0x11, 0xa2, 3, (uint8_t)s->len } };
		struct want *w = &s->want[s->n_want];

		w->op = p->op;
		w->len = p->len;
		w->p = to = xmalloc(BYTES_MAX);
		if (!al_ws_is_control(p->op)) {
			free(w->p);
			to = message + message_len;
			message_len += p->len;
		}
		s->len += al_ws_encode(s->bytes + s->len, &f);
		for (i = 0; i < p->len; i++, count++) {
			to[i] = body = (uint8_t)(count * 31 + (count >> 8));
			s->bytes[s->len++] = body ^
			    (masked ? f.key[i & 3] : 0);
		}
		if (!p->fin)
			continue;
		if (!al_ws_is_control(p->op)) {
			*w = (struct want){ AL_WS_BINARY, message_len,
			    xmalloc(message_len) };
			memcpy(w->p, message, message_len);
			message_len = 0;
		}
		s->n_want++;
	}
	free(message);
}

static void
script_fini(struct script *s)
{
	while (s->n_want > 0)
		free(s->want[--s->n_want].p);
	free(s->bytes);
}

/* --- running it ----------------------------------------------------------- */
enum mode {
	GIVE_BACK,		/* every block comes back                   */
	TAKE,			/* keep what may be kept                    */
	TAKE_SOME,		/* every other one                          */
	TRIM,			/* give memory back after every event       */
	MODES
};

struct run {
	struct al_ws	 ws;
	struct al_block	*kept[KEPT];
	const struct want *kept_want[KEPT];
	size_t		 n_kept, n_events;
};

static void
check_event(struct run *run, const struct script *s,
    const struct al_ws_event *ev, enum mode mode)
{
	const struct want *w = &s->want[run->n_events++];
	struct al_block *b = ev->block;

	assert_true(run->n_events <= s->n_want);
	assert_int_equal(ev->op, w->op);
	if (ev->type == AL_WS_CONTROL) {
		assert_int_equal(ev->len, w->len);
		assert_memory_equal(ev->p, w->p, w->len);
		return;
	}
	assert_int_equal(b->len, w->len);
	assert_true(b->off >= AL_HEADROOM && b->off + b->len <= b->cap);
	assert_memory_equal(al_block_head(b), w->p, w->len);
	memset(b->data, 0xee, b->off);		/* headers go there */
	if (w->len >= AL_BLOCK_WHOLE && (mode == TAKE ||
	    (mode == TAKE_SOME && run->n_events % 2 == 0))) {
		run->kept_want[run->n_kept] = w;
		run->kept[run->n_kept++] = b;
		/* the owner may fill it up */
		memset(al_block_head(b) + b->len, 0xdd,
		    b->cap - b->off - b->len);
		b = NULL;
	}
	al_ws_done(&run->ws, b);
}

static void
feed(struct run *run, const struct script *s, size_t chunk, enum mode mode)
{
	struct al_ws_event ev;
	struct al_err err;
	enum al_code code;
	size_t done = 0, cap, n;
	uint8_t *p;

	while (done < s->len) {
		p = al_ws_room(&run->ws, &cap);
		assert_true(p != NULL && cap > 0);
		n = s->len - done < chunk ? s->len - done : chunk;
		n = n < cap ? n : cap;
		memcpy(p, s->bytes + done, n);
		al_ws_commit(&run->ws, n);
		done += n;
		while ((code = al_ws_next(&run->ws, &ev, &err)) == AL_OK) {
			check_event(run, s, &ev, mode);
			if (mode == TRIM)
				al_ws_trim(&run->ws);
		}
		assert_int_equal(code, AL_AGAIN);
	}
	assert_int_equal(run->n_events, s->n_want);
	al_ws_trim(&run->ws);
	assert_null(run->ws.in);
	assert_null(run->ws.msg);
	assert_null(run->ws.rest);
}

static void
run_row(const struct script *s, enum al_ws_role role, size_t chunk,
    enum mode mode)
{
	struct run run = { .n_kept = 0 };
	size_t i;

	al_ws_init(&run.ws, role);
	feed(&run, s, chunk, mode);
	for (i = 0; i < run.n_kept; i++) {
		assert_memory_equal(al_block_head(run.kept[i]),
		    run.kept_want[i]->p, run.kept_want[i]->len);
		al_block_free(run.kept[i]);
	}
	al_ws_fini(&run.ws);
}

static size_t
next_chunk(size_t chunk, size_t len)
{
	static const size_t some[] = { 1, 2, 3, 13, 126, 2048, 2056, 4096,
	    5000, 8191, 8192, 8193, 12000, 16383, 16384, SIZE_MAX };
	size_t i;

	if (len <= 1000)
		return chunk + 1;
	for (i = 0; some[i] <= chunk; i++)
		;
	return some[i];
}

static void
every_chunk(void **state)
{
	const struct row *r;
	enum al_ws_role role;
	enum mode mode;
	size_t chunk;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		for (role = AL_WS_CLIENT; role <= AL_WS_SERVER; role++) {
			struct script s;

			script_init(&s, r, role == AL_WS_SERVER);
			for (chunk = 1; chunk <= s.len;
			    chunk = next_chunk(chunk, s.len))
				for (mode = 0; mode < MODES; mode++)
					run_row(&s, role, chunk, mode);
			script_fini(&s);
		}
	}
}

/* Freed at any moment, and a cut message is none. */
static void
every_cut(void **state)
{
	const struct row *r;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		struct script s;
		size_t cut;

		script_init(&s, r, true);
		for (cut = 0; cut < s.len && cut < 20000;
		    cut += s.len < 1000 ? 1 : 97) {
			struct al_ws ws;
			struct al_ws_event ev;
			struct al_err err;
			struct al_block *held = NULL;
			size_t cap, n;
			uint8_t *p;

			al_ws_init(&ws, AL_WS_SERVER);
			p = al_ws_room(&ws, &cap);
			assert_true(p != NULL && cap == AL_TLS_RECORD);
			n = cut < cap ? cut : cap;
			memcpy(p, s.bytes, n);
			al_ws_commit(&ws, n);
			while (held == NULL &&
			    al_ws_next(&ws, &ev, &err) == AL_OK) {
				if (ev.type == AL_WS_MESSAGE && cut % 3 > 0)
					al_ws_done(&ws, ev.block);
				else if (ev.type == AL_WS_MESSAGE)
					held = ev.block;
			}
			al_block_free(held);
			al_ws_fini(&ws);
		}
		script_fini(&s);
	}
}

/* --- what is refused ------------------------------------------------------ */
#define K	"\0\0\0\0"		/* a mask that changes nothing */

static const struct bad {
	const char	*name;
	const uint8_t	*in;
	size_t		 len;
	enum al_code	 want;
	const char	*text;
} bad[] = {
	{ "text", B("\x81\x80" K), AL_EPROTO, "websocket: a text message" },
	{ "continuation first", B("\x80\x80" K), AL_EPROTO,
	    "websocket: a continuation of nothing" },
	{ "continuation after a whole", B("\x82\x80" K "\x80\x80" K),
	    AL_EPROTO, "websocket: a continuation of nothing" },
	{ "message in a message", B("\x02\x80" K "\x82\x80" K), AL_EPROTO,
	    "websocket: a new message inside another" },
	{ "text in a message", B("\x02\x80" K "\x81\x80" K), AL_EPROTO,
	    "websocket: a text message" },
	{ "no mask", B("\x82\x01x"), AL_EPROTO,
	    "websocket: a client's frame without mask" },
	{ "reserved bit", B("\xc2\x80" K), AL_EPROTO,
	    "websocket: a reserved bit is set" },
	{ "opcode 3", B("\x83\x80" K), AL_EPROTO,
	    "websocket: an unknown opcode" },
	{ "control in pieces", B("\x09\x80" K), AL_EPROTO,
	    "websocket: a control frame in pieces" },
	{ "long control", B("\x89\xfe\0\x7e" K), AL_EPROTO,
	    "websocket: a control frame over 125 bytes" },
	{ "long form", B("\x82\xfe\0\x7d" K), AL_EPROTO,
	    "websocket: a length not in its short form" },
	{ "65537", B("\x82\xff\0\0\0\0\0\1\0\1" K), AL_ELIMIT,
	    "websocket: a message over 65536 bytes" },
	{ "2^62", B("\x82\xff\x40\0\0\0\0\0\0\0" K), AL_ELIMIT,
	    "websocket: a message over 65536 bytes" },
	{ "fragment of 65537", B("\x02\xff\0\0\0\0\0\1\0\1" K), AL_ELIMIT,
	    "websocket: a message over 65536 bytes" },
	{ "fragments of 65537", B("\x02\x81" K "x\x00\xff\0\0\0\0\0\1\0\0" K),
	    AL_ELIMIT, "websocket: a message over 65536 bytes" },
};

static void
refused(void **state)
{
	const struct bad *b;
	size_t chunk;

	(void)state;
	for (b = bad; b < bad + N(bad); b++) {
		for (chunk = 1; chunk <= b->len; chunk++) {
			enum al_code code = AL_AGAIN;
			struct al_ws_event ev;
			struct al_err err = { .text = "" };
			struct al_ws ws;
			size_t done = 0, cap, n;
			uint8_t *p;

			al_ws_init(&ws, AL_WS_SERVER);
			while (code == AL_AGAIN && done < b->len) {
				p = al_ws_room(&ws, &cap);
				n = b->len - done < chunk ? b->len - done :
				    chunk;
				memcpy(p, b->in + done, n);
				al_ws_commit(&ws, n);
				done += n;
				while ((code = al_ws_next(&ws, &ev, &err)) ==
				    AL_OK)
					if (ev.type == AL_WS_MESSAGE)
						al_ws_done(&ws, ev.block);
			}
			if (code != b->want || strcmp(err.text, b->text) != 0)
				fail_msg("%s at %zu: %s %s", b->name, chunk,
				    al_code_name(code), err.text);
			al_ws_fini(&ws);
		}
	}
}

/* Masked by a client, read by a server, and the other way round. */
static void
control_frames(void **state)
{
	static const uint8_t key[4] = { 9, 8, 7, 6 };
	uint8_t out[AL_WS_HEADER_MAX + AL_WS_CONTROL_MAX], body[125];
	enum al_ws_role role;
	size_t len, n, cap;

	(void)state;
	for (n = 0; n < sizeof(body); n++)
		body[n] = (uint8_t)(n * 31);
	for (len = 0; len <= sizeof(body); len++) {
		for (role = AL_WS_CLIENT; role <= AL_WS_SERVER; role++) {
			struct al_ws_event ev;
			struct al_err err;
			struct al_ws ws;
			uint8_t *p;

			n = al_ws_put_control(out, role, AL_WS_PONG,
			    len > 0 ? body : NULL, len, key);
			al_ws_init(&ws, role == AL_WS_CLIENT ? AL_WS_SERVER :
			    AL_WS_CLIENT);
			p = al_ws_room(&ws, &cap);
			memcpy(p, out, n);
			al_ws_commit(&ws, n);
			assert_int_equal(al_ws_next(&ws, &ev, &err), AL_OK);
			assert_int_equal(ev.type, AL_WS_CONTROL);
			assert_int_equal(ev.op, AL_WS_PONG);
			assert_int_equal(ev.len, len);
			assert_memory_equal(ev.p, body, len);
			assert_int_equal(al_ws_next(&ws, &ev, &err),
			    AL_AGAIN);
			al_ws_fini(&ws);
		}
	}
}

/* One TLS record, one message: no byte is moved, no block allocated. */
static void
record_in_place(void **state)
{
	struct al_ws_frame f = { .op = AL_WS_BINARY, .fin = true,
	    .len = AL_MSG_MAX, .masked = true };
	struct al_ws_event ev;
	struct al_err err;
	struct al_ws ws;
	size_t cap;
	uint8_t *p, *first = NULL;
	int i;

	(void)state;
	al_ws_init(&ws, AL_WS_SERVER);
	for (i = 0; i < 3; i++) {
		p = al_ws_room(&ws, &cap);
		assert_int_equal(cap, AL_TLS_RECORD);
		assert_true(first == NULL || p == first);
		first = p;
		memset(p, i, cap);
		(void)al_ws_encode(p, &f);
		al_ws_commit(&ws, cap);
		assert_int_equal(al_ws_next(&ws, &ev, &err), AL_OK);
		assert_ptr_equal(al_block_head(ev.block), p + 8);
		assert_null(ws.rest);
		al_ws_done(&ws, ev.block);
	}
	al_ws_fini(&ws);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chunk),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(refused),
		cmocka_unit_test(control_frames),
		cmocka_unit_test(record_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
