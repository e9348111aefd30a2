/* tests/lib/script.h - a session played from a list of short lines.
 *
 *	< FRAME | FRAME		one message of the peer; it has to be taken
 *	<! TEXT = FRAME		one that fails, with the sentence TEXT
 *	> FRAMES / FRAMES	what the session sends: messages, their frames
 *	>1 FRAMES		the next message of these only
 *	! EVENT, EVENT		what it tells
 *	open, accept a JSON, refuse a CODE TEXT, reset a CODE TEXT, free a
 *	write a LEN, end a, read a LEN, goaway CODE RETRY TEXT,
 *	detach REASON WITHIN TEXT, close CODE 0 TEXT, ping, time US, expired,
 *	dead TEXT, expiry US, keepalive MS
 *	dial, use N, drop N	another link of an opener; which one; it is gone
 *	judge STATUS EPOCH POS HOW	a resuming HELLO comes to an acceptor;
 *				HOW: "proof", "id", "v2" are wrong
 *
 * Channels are called a, b, c in the order in which they came to be.
 */
#ifndef AL_TEST_SCRIPT_H
#define AL_TEST_SCRIPT_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/engine/session.h"

#define SCRIPT_CHANS	8
#define SCRIPT_LINKS	4
#define SCRIPT_T0	1000000u	/* the clock starts here */

struct script {
	struct al_session	*s;
	struct al_link		*l;		/* of the steps < and >     */
	struct al_link		*link[SCRIPT_LINKS];
	size_t			 n_links;
	uint64_t		 now_us;
	struct al_chan		*chan[SCRIPT_CHANS];
	size_t			 n_chans;
	size_t			 to_write[SCRIPT_CHANS];
	bool			 end[SCRIPT_CHANS];
	const char		*row, *step;
};

#define SCRIPT_FAIL(t, ...) (fprintf(stderr, "%s: \"%s\": ", (t)->row, \
    (t)->step), fprintf(stderr, __VA_ARGS__), fprintf(stderr, "\n"), abort())

/* --- text to frames -------------------------------------------------------- */
static inline size_t
script_chan_frame(uint8_t *p, size_t cap, const char *name, uint32_t id,
    unsigned long n, const char *rest)
{
	struct al_frame_open o = { .kind = AL_CHAN_TCP, .credit =
	    (uint32_t)n, .json = rest, .json_len = strlen(rest) };
	struct al_frame_reason r = { .code = (uint16_t)n };

	(void)snprintf(r.text, sizeof(r.text), "%.256s", rest);
	if (strcmp(name, "OPEN") == 0)
		return al_frame_encode_open(p, cap, AL_F_OPEN, id, &o);
	if (strcmp(name, "ACCEPT") == 0)
		return al_frame_encode_open(p, cap, AL_F_ACCEPT, id, &o);
	if (strcmp(name, "REFUSE") == 0)
		return al_frame_encode_reason(p, cap, AL_F_REFUSE, id, &r);
	if (strcmp(name, "RESET") == 0)
		return al_frame_encode_reason(p, cap, AL_F_RESET, id, &r);
	if (strcmp(name, "CREDIT") == 0) {
		al_frame_put_credit(p, id, (uint32_t)n);
		return AL_FRAME_CREDIT_LEN;
	}
	if (strcmp(name, "DATA") == 0 || strcmp(name, "DGRAM") == 0) {
		al_frame_put_header(p, strcmp(name, "DATA") == 0 ?
		    AL_F_DATA : AL_F_DGRAM, strcmp(rest, "FIN") == 0 ?
		    AL_FRAME_FIN : 0, n, id);
		memset(p + AL_FRAME_HEADER, 'x', n);
		return AL_FRAME_HEADER + n;
	}
	return 0;
}

static inline size_t
script_link_frame(uint8_t *p, size_t cap, const char *name, unsigned long a,
    unsigned long b, const char *rest)
{
	struct al_frame_reason r = { .code = (uint16_t)a,
	    .seconds = (uint32_t)b };
	uint8_t opaque[8] = { 0, 0, 0, 0, 0, 0, 0, (uint8_t)a };

	(void)snprintf(r.text, sizeof(r.text), "%.256s", rest);
	if (strcmp(name, "START") == 0) {
		al_frame_put_start(p, a);
		return AL_FRAME_START_LEN;
	}
	if (strcmp(name, "ACK") == 0) {
		al_frame_put_ack(p, a, (uint32_t)b);
		return AL_FRAME_ACK_LEN;
	}
	if (strcmp(name, "PING") == 0 || strcmp(name, "PONG") == 0) {
		al_frame_put_ping(p, strcmp(name, "PING") == 0 ? AL_F_PING :
		    AL_F_PONG, opaque);
		return AL_FRAME_PING_LEN;
	}
	if (strcmp(name, "GOAWAY") == 0)
		return al_frame_encode_reason(p, cap, AL_F_GOAWAY, 0, &r);
	if (strcmp(name, "DETACH") == 0)
		return al_frame_encode_reason(p, cap, AL_F_DETACH, 0, &r);
	if (strcmp(name, "CLOSE") == 0)
		return al_frame_encode_reason(p, cap, AL_F_CLOSE, 0, &r);
	if (strcmp(name, "HELLO") == 0) {
		struct al_hello h = { .min_version = 1, .max_version = 1 };

		return al_frame_encode_hello(p, cap, &h);
	}
	if (strcmp(name, "WELCOME") == 0) {
		struct al_welcome w = { .status = (uint8_t)a,
		    .version = AL_PROTOCOL_VERSION, .recv_pos = b,
		    .retry_after_s = 7 };

		(void)snprintf(w.text, sizeof(w.text), "%s", rest);
		if (strcmp(rest, "v2") == 0)
			w.version = 2;
		return al_frame_encode_welcome(p, cap, &w);
	}
	return 0;
}

/* NAME A B REST; TYPE FLAGS LEN CHANNEL: any header and x's; CUT LEN: a header
 * whose body is not there. */
static inline size_t
script_encode(struct script *t, uint8_t *p, size_t cap, const char *text)
{
	char name[16] = "", rest[600] = "";
	unsigned long a = 0, b = 0;
	size_t n;
	int used = 0;

	(void)sscanf(text, " %15s %lu %lu %n%599[^|]", name, &a, &b, &used,
	    rest);
	while (rest[0] != '\0' && rest[strlen(rest) - 1] == ' ')
		rest[strlen(rest) - 1] = '\0';
	if (strncmp(name, "0x", 2) == 0) {
		al_frame_put_header(p, (uint8_t)strtoul(name, NULL, 16),
		    (uint8_t)a, b, (uint32_t)strtoul(rest, NULL, 10));
		memset(p + AL_FRAME_HEADER, 'x', b);
		return AL_FRAME_HEADER + b;
	}
	if (strcmp(name, "CUT") == 0) {
		al_frame_put_header(p, AL_F_DATA, 0, a, 1);
		return AL_FRAME_HEADER;
	}
	n = script_chan_frame(p, cap, name, (uint32_t)a, b, rest);
	if (n == 0)
		n = script_link_frame(p, cap, name, a, b, rest);
	if (n == 0)
		SCRIPT_FAIL(t, "unknown frame %s", name);
	return n;
}

static inline enum al_code
script_feed(struct script *t, const char *text, struct al_err *err)
{
	struct al_block *b = al_block_new(65536);
	enum al_code code;

	for (; text != NULL; text = strchr(text, '|')) {
		text += *text == '|';
		b->len += (uint32_t)script_encode(t, al_block_head(b) +
		    b->len, 65536 - b->len, text);
	}
	/* of exactly its size: what reads beyond it is seen */
	b = realloc(b, sizeof(*b) + AL_HEADROOM + b->len);
	b->cap = AL_HEADROOM + b->len;
	code = al_link_feed(t->l, &b, t->now_us, err);
	al_block_free(b);
	return code;
}

/* --- frames to text -------------------------------------------------------- */
static inline void
script_frame(char *out, size_t cap, const struct al_frame *f)
{
	struct al_frame_open o;
	struct al_frame_reason r;
	struct al_hello h;
	struct al_err err;
	const char *name = al_frame_rule(f->type)->name;

	switch (f->type) {
	case AL_F_OPEN:
	case AL_F_ACCEPT:
		al_frame_decode_open(f, &o);
		(void)snprintf(out, cap, "%s %u %u %.*s", name, f->chan,
		    o.credit, (int)o.json_len, o.json);
		break;
	case AL_F_REFUSE:
	case AL_F_RESET:
		al_frame_decode_reason(f, &r);
		(void)snprintf(out, cap, "%s %u %u %s", name, f->chan,
		    r.code, r.text);
		break;
	case AL_F_DATA:
		(void)snprintf(out, cap, "%s %u %u%s", name, f->chan, f->len,
		    f->flags & AL_FRAME_FIN ? " FIN" : "");
		break;
	case AL_F_CREDIT:
		(void)snprintf(out, cap, "%s %u %u", name, f->chan,
		    al_frame_credit(f));
		break;
	case AL_F_GOAWAY:
	case AL_F_DETACH:
	case AL_F_CLOSE:
		al_frame_decode_reason(f, &r);
		(void)snprintf(out, cap, "%s %u %u %s", name, r.code,
		    r.seconds, r.text);
		break;
	case AL_F_HELLO:
		if (al_frame_decode_hello(f, &h, &err) == AL_OK && h.epoch > 1)
			(void)snprintf(out, cap, "%s %u %" PRIu64, name,
			    h.epoch, h.recv_pos);
		else
			(void)snprintf(out, cap, "%s", name);
		break;
	case AL_F_WELCOME:
		(void)snprintf(out, cap, f->body[0] == AL_WELCOME_RESUMED ?
		    "%s %u %" PRIu64 : "%s %u", name, f->body[0],
		    al_get_u64(f->body + 20));
		break;
	case AL_F_START:
		(void)snprintf(out, cap, "%s %" PRIu64, name,
		    al_frame_start_pos(f));
		break;
	case AL_F_ACK:
		(void)snprintf(out, cap, "%s %" PRIu64 " %u", name,
		    al_frame_ack_pos(f), al_frame_ack_delay_us(f));
		break;
	case AL_F_PING:
	case AL_F_PONG:
		(void)snprintf(out, cap, "%s %u", name, f->body[7]);
		break;
	default:
		(void)snprintf(out, cap, "%s", name);
	}
	while (out[0] != '\0' && out[strlen(out) - 1] == ' ')
		out[strlen(out) - 1] = '\0';
}

static inline void
script_frames(struct script *t, char *out, size_t cap, const uint8_t *p,
    size_t len, const char *sep)
{
	struct al_frame f;
	struct al_err err;

	while (len > 0) {
		size_t n = strlen(out);

		if (al_frame_decode(&f, p, len, &err) != AL_OK)
			SCRIPT_FAIL(t, "it sends nonsense: %s", err.text);
		(void)snprintf(out + n, cap - n, "%s", sep);
		n = strlen(out);
		script_frame(out + n, cap - n, &f);
		p += AL_FRAME_HEADER + f.len;
		len -= AL_FRAME_HEADER + (size_t)f.len;
		sep = ", ";
	}
}

static inline size_t
script_index(const struct script *t, const struct al_chan *c)
{
	size_t i;

	for (i = 0; i < t->n_chans && t->chan[i] != c; i++)
		;
	return i;
}

static inline void
script_fill(struct script *t)
{
	struct al_turn turn;

	while (al_session_turn(t->s, t->now_us, &turn)) {
		size_t i = script_index(t, turn.chan);
		size_t n = t->to_write[i] < turn.cap ? t->to_write[i] :
		    turn.cap;
		unsigned flags = 0;

		memset(turn.p, 'y', n);
		t->to_write[i] -= n;
		if (t->to_write[i] == 0)
			flags = t->end[i] ? AL_TURN_FIN : AL_TURN_DRAINED;
		al_session_commit(t->s, &turn, n, flags, t->now_us);
	}
}

/* Everything that it would send now, up to max messages. */
static inline void
script_take_some(struct script *t, char *out, size_t cap, size_t max)
{
	struct al_msg msg;

	out[0] = '\0';
	while (max-- > 0) {
		const char *sep = out[0] != '\0' ? " / " : "";

		script_fill(t);
		if (!al_link_take(t->l, t->now_us, &msg))
			return;
		script_frames(t, out, cap, msg.front, msg.front_len, sep);
		script_frames(t, out, cap, msg.rec, msg.rec_len,
		    msg.front_len > 0 ? ", " : sep);
		if (msg.front_len + msg.rec_len > AL_MSG_MAX)
			SCRIPT_FAIL(t, "a message over a TLS record");
	}
}

static inline void
script_take(struct script *t, char *out, size_t cap)
{
	script_take_some(t, out, cap, SIZE_MAX);
}

static inline size_t
script_link(const struct script *t, const struct al_link *l)
{
	size_t i;

	for (i = 0; i < t->n_links && t->link[i] != l; i++)
		;
	return i;
}

static inline void
script_events(struct script *t, char *out, size_t cap)
{
	static const char *const names[] = {
		"UP", "REJECTED", "OPEN", "ACCEPT", "REFUSE", "DATA",
		"WRITABLE", "RESET", "PONG", "DETACH", "GOAWAY", "CLOSE",
		"SWITCHED", "DETACHED", "RESUMED", "LINK_OVER", "LOST"
	};
	struct al_event ev;

	out[0] = '\0';
	while (al_session_next(t->s, &ev)) {
		size_t n = strlen(out);

		n += (size_t)snprintf(out + n, cap - n, "%s%s",
		    n > 0 ? ", " : "", names[ev.type]);
		if (ev.type == AL_EV_OPEN && t->n_chans < SCRIPT_CHANS)
			t->chan[t->n_chans++] = ev.chan;
		if (ev.chan != NULL)
			n += (size_t)snprintf(out + n, cap - n, " %c",
			    (char)('a' + script_index(t, ev.chan)));
		if (ev.type == AL_EV_REJECTED || ev.type == AL_EV_REFUSE ||
		    ev.type == AL_EV_RESET || ev.type == AL_EV_DETACH ||
		    ev.type == AL_EV_GOAWAY || ev.type == AL_EV_CLOSE ||
		    ev.type >= AL_EV_LINK_OVER)
			n += (size_t)snprintf(out + n, cap - n, " %u",
			    ev.code);
		if (ev.type == AL_EV_REJECTED || ev.type == AL_EV_PONG ||
		    ev.type == AL_EV_DETACH || ev.type == AL_EV_GOAWAY)
			n += (size_t)snprintf(out + n, cap - n, " %" PRIu64,
			    ev.value);
		if (ev.type == AL_EV_LINK_OVER)
			n += (size_t)snprintf(out + n, cap - n, " #%zu",
			    script_link(t, ev.link));
		if (ev.text[0] != '\0')
			(void)snprintf(out + n, cap - n, " %s", ev.text);
	}
}

/* --- steps ----------------------------------------------------------------- */
static inline void
script_same(struct script *t, const char *got)
{
	const char *want = t->step + 1 + (t->step[1] == '1');

	want += *want == ' ';
	if (strcmp(got, want) != 0)
		SCRIPT_FAIL(t, "got \"%s\"", got);
}

static inline void
script_chan_step(struct script *t, const char *verb, size_t i,
    unsigned long n, const char *rest)
{
	struct al_chan *c = i < t->n_chans ? t->chan[i] : NULL;

	if (c == NULL)
		SCRIPT_FAIL(t, "no such channel");
	if (strcmp(verb, "accept") == 0)
		al_chan_accept(c, rest);
	else if (strcmp(verb, "refuse") == 0)
		al_chan_refuse(c, (uint16_t)n, rest);
	else if (strcmp(verb, "reset") == 0)
		al_chan_reset(c, (uint16_t)n, rest);
	else if (strcmp(verb, "free") == 0)
		al_chan_free(c);
	else if (strcmp(verb, "read") == 0)
		al_chan_consume(c, n, t->now_us);
	else if (strcmp(verb, "write") == 0 || strcmp(verb, "end") == 0) {
		t->to_write[i] += n;
		t->end[i] = strcmp(verb, "end") == 0;
		al_chan_set_readable(c);
	} else
		SCRIPT_FAIL(t, "unknown step");
	if (verb[0] == 'f' || strncmp(verb, "re", 2) == 0)
		if (strcmp(verb, "read") != 0)
			t->chan[i] = NULL;
}

static inline void
script_add_link(struct script *t, struct al_link *l)
{
	if (l == NULL || t->n_links == SCRIPT_LINKS)
		SCRIPT_FAIL(t, "no link");
	t->link[t->n_links++] = t->l = l;
}

static inline void
script_judge(struct script *t, unsigned long status, unsigned long epoch,
    const char *rest)
{
	static const uint8_t key[AL_RESUME_KEY_LEN];
	struct al_hello h = { .min_version = 1, .max_version = 1,
	    .epoch = (uint32_t)epoch, .recv_pos = strtoul(rest, NULL, 10) };
	struct al_frame f;
	struct al_err err;
	uint8_t p[256];
	size_t n;

	if (strstr(rest, "v2") != NULL)
		h.min_version = h.max_version = 2;
	h.id[3] = strstr(rest, "id") != NULL;
	n = al_frame_encode_hello(p, sizeof(p), &h);
	if (al_hello_sign(p, n, key, &err) != AL_OK ||
	    al_frame_decode(&f, p, n, &err) != AL_OK)
		SCRIPT_FAIL(t, "%s", err.text);
	if (strstr(rest, "proof") != NULL)
		p[n - 1] ^= 1;
	n = al_session_resume(t->s, &f, &h);
	if (n != status)
		SCRIPT_FAIL(t, "got %zu", n);
	if (n == AL_WELCOME_RESUMED)
		script_add_link(t, al_link_accept(t->s, &h, t->now_us, &err));
}

/* Its link ends by time. */
static inline void
script_dead(struct script *t)
{
	struct al_event ev;

	al_session_expired(t->s, t->now_us);
	while (al_session_next(t->s, &ev) && ev.type != AL_EV_LINK_OVER)
		;
	if (ev.type != AL_EV_LINK_OVER || ev.link != t->l ||
	    ev.code != AL_ETIMEOUT || strcmp(ev.text, t->step + 5) != 0)
		SCRIPT_FAIL(t, "got \"%s\"", ev.text);
}

static inline void
script_other_step(struct script *t)
{
	const struct al_open o = { .kind = AL_CHAN_TCP, .json = "{}" };
	char verb[16] = "", name[2] = "", rest[600] = "";
	unsigned long a = 0, b = 0;
	struct al_err err = { .text = "" };

	(void)sscanf(t->step, "%15s %lu %lu %599[^\n]", verb, &a, &b, rest);
	if (strcmp(verb, "open") == 0) {
		t->chan[t->n_chans] = al_chan_open(t->s, &o, NULL, t->now_us,
		    &err);
		if (t->chan[t->n_chans++] == NULL)
			SCRIPT_FAIL(t, "%s", err.text);
	} else if (strcmp(verb, "noopen") == 0) {
		if (al_chan_open(t->s, &o, NULL, t->now_us, &err) != NULL)
			SCRIPT_FAIL(t, "it opens");
	} else if (strcmp(verb, "goaway") == 0) {
		al_session_goaway(t->s, (uint16_t)a, (uint32_t)b, rest);
	} else if (strcmp(verb, "detach") == 0) {
		/* the text is kept: it has to be the row's own */
		if (!al_session_detach(t->s, (uint16_t)b, (uint16_t)a,
		    strstr(t->step, rest), t->now_us))
			SCRIPT_FAIL(t, "no link to leave");
	} else if (strcmp(verb, "close") == 0) {
		al_session_close(t->s, (uint16_t)a, rest);
	} else if (strcmp(verb, "dial") == 0) {
		script_add_link(t, al_link_open(t->s, t->now_us, &err));
	} else if (strcmp(verb, "use") == 0) {
		t->l = t->link[a];
	} else if (strcmp(verb, "drop") == 0) {
		al_link_free(t->link[a], t->now_us);
		t->link[a] = NULL;
	} else if (strcmp(verb, "judge") == 0) {
		script_judge(t, a, b, rest);
	} else if (strcmp(verb, "ping") == 0) {
		(void)al_session_ping(t->s, t->now_us);
	} else if (strcmp(verb, "keepalive") == 0) {
		al_link_set_keepalive(t->l, (uint32_t)a);
	} else if (strcmp(verb, "time") == 0) {
		t->now_us += a;
	} else if (strcmp(verb, "expired") == 0) {
		al_session_expired(t->s, t->now_us);
	} else if (strcmp(verb, "dead") == 0) {
		script_dead(t);
	} else if (strcmp(verb, "expiry") == 0) {
		uint64_t at = al_session_expiry(t->s);

		if (at == UINT64_MAX ? a != 0 : at != t->now_us + a)
			SCRIPT_FAIL(t, "got %" PRIu64, at - t->now_us);
	} else {
		rest[0] = '\0';
		a = 0;
		(void)sscanf(t->step, "%15s %1s %lu %599[^\n]", verb, name,
		    &a, rest);
		if (strcmp(verb, "accept") == 0)
			(void)sscanf(t->step, "%*s %*s %599[^\n]", rest);
		script_chan_step(t, verb, (size_t)(name[0] - 'a'), a, rest);
	}
}

static inline void
script_step(struct script *t, const char *step)
{
	static char text[65536];
	struct al_err err = { .text = "" };
	const char *eq;

	t->step = step;
	if (step[0] == '>') {
		script_take_some(t, text, sizeof(text),
		    step[1] == '1' ? 1 : SIZE_MAX);
		script_same(t, text);
	} else if (step[0] == '!') {
		script_events(t, text, sizeof(text));
		script_same(t, text);
	} else if (step[0] == '<' && step[1] == '!') {
		eq = strstr(step, " = ");
		if (script_feed(t, eq + 3, &err) != AL_EPROTO ||
		    strlen(err.text) != (size_t)(eq - step) - 3 ||
		    strncmp(err.text, step + 3, strlen(err.text)) != 0)
			SCRIPT_FAIL(t, "got \"%s\"", err.text);
	} else if (step[0] == '<') {
		if (script_feed(t, step + 1, &err) != AL_OK)
			SCRIPT_FAIL(t, "%s", err.text);
	} else {
		script_other_step(t);
	}
}

static inline void
script_init(struct script *t, const char *row, enum al_role role,
    const struct al_session_opts *opts)
{
	struct al_session_opts o = opts != NULL ? *opts :
	    (struct al_session_opts){ .software = "test", .grace_s = 60 };
	const struct al_hello hello = { .min_version = 1, .max_version = 1 };
	struct al_err err;

	*t = (struct script){ .row = row, .step = "", .now_us = SCRIPT_T0 };
	o.role = role;
	t->s = al_session_new(&o, t->now_us, &err);
	if (t->s == NULL)
		SCRIPT_FAIL(t, "%s", err.text);
	script_add_link(t, role == AL_OPENER ?
	    al_link_open(t->s, t->now_us, &err) :
	    al_link_accept(t->s, &hello, t->now_us, &err));
}

/* Both STARTs are out. */
static inline void
script_greet(struct script *t, enum al_role role)
{
	if (role == AL_OPENER) {
		script_step(t, "> HELLO");
		script_step(t, "< WELCOME 0");
		script_step(t, "> START 0");
		script_step(t, "< START 0");
	} else {
		script_step(t, "> WELCOME 0");
		script_step(t, "< START 0");
		script_step(t, "> START 0");
	}
	script_step(t, "! UP");
}

static inline void
script_fini(struct script *t)
{
	al_session_free(t->s);
}

#endif
