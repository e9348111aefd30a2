/* tests/fuzz/fuzz_link.c - messages of any kind to a session of either role.
 *
 * First byte: bit 0 the role, bit 1 greeted or not, bit 2 narrow limits.  Then
 * steps: a byte below 0x20 is something that the caller does, any other is
 * the low byte of a message's length; the high byte and the message follow.
 */
#include "connector/engine/session_int.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/world.h"

#define CHANS	8
#define LINKS	4

struct caller {
	struct world	 w;
	struct node	*n;
	struct al_link	*link[LINKS];	/* n->l is the one in use */
	size_t		 n_links;
	struct al_chan	*chan[CHANS];
	struct al_chan	*unanswered[CHANS];
};

static struct al_chan **
place_of(struct al_chan **v, const struct al_chan *c)
{
	size_t i;

	for (i = 0; i < CHANS; i++)
		if (v[i] == c)
			return &v[i];
	return NULL;
}

static void
forget(struct caller *u, const struct al_chan *c)
{
	struct al_chan **p = place_of(u->chan, c);

	if (p != NULL)
		*p = NULL;
	p = place_of(u->unanswered, c);
	if (p != NULL)
		*p = NULL;
}

static void
events(struct caller *u, size_t max)
{
	struct al_event ev;
	struct al_chan **p;

	while (max-- > 0 && al_session_next(u->n->s, &ev)) {
		CHECK(ev.text == NULL || strlen(ev.text) <= AL_FRAME_JSON_MAX);
		if (ev.type == AL_EV_OPEN) {
			p = place_of(u->unanswered, NULL);
			if (p != NULL)
				*p = ev.chan;
			else
				al_chan_refuse(ev.chan, 6, "full");
		} else if (ev.type == AL_EV_REFUSE ||
		    ev.type == AL_EV_RESET) {
			forget(u, ev.chan);
			al_chan_free(ev.chan);
		} else if (ev.chan != NULL) {
			CHECK(place_of(u->chan, ev.chan) != NULL ||
			    place_of(u->unanswered, ev.chan) != NULL);
		}
	}
}

static void
take(struct caller *u)
{
	struct al_turn t;
	struct al_msg msg;

	do {
		while (al_session_turn(u->n->s, u->w.now_us, &t)) {
			CHECK(t.cap > 0 && t.cap <= t.max);
			memset(t.p, 1, t.cap);
			al_session_commit(u->n->s, &t, t.cap,
			    AL_TURN_DRAINED, u->w.now_us);
		}
		if (!al_link_take(u->n->l, u->w.now_us, &msg))
			return;
		CHECK(msg.front_len + msg.rec_len <= AL_MSG_MAX);
	} while (1);
}

static void
open_one(struct caller *u)
{
	const struct al_open o = { .kind = AL_CHAN_TCP, .json = "{}" };
	struct al_chan **p = place_of(u->chan, NULL);
	struct al_err err;

	if (p != NULL)
		*p = al_chan_open(u->n->s, &o, NULL, u->w.now_us, &err);
}

static void
finish_one(struct caller *u, struct al_chan **p)
{
	struct al_turn t;

	while (al_session_turn(u->n->s, u->w.now_us, &t)) {
		al_session_commit(u->n->s, &t, 0, t.chan == *p ?
		    AL_TURN_FIN : AL_TURN_DRAINED, u->w.now_us);
	}
	al_chan_free(*p);
	*p = NULL;
}

static void
do_chan(struct caller *u, unsigned what, struct al_chan **p)
{
	struct al_block *b;

	if (*p == NULL)
		return;
	switch (what) {
	case 0:
		al_chan_set_readable(*p);
		break;
	case 1:
		al_chan_reset(*p, 11, "x");
		*p = NULL;
		break;
	case 2:
		finish_one(u, p);
		break;
	case 3:
		al_chan_consume(*p, al_chan_queued(*p), u->w.now_us);
		break;
	case 4:
		al_chan_consume(*p, al_chan_queued(*p) / 2, u->w.now_us);
		break;
	default:
		b = al_chan_take(*p);
		if (b != NULL)
			al_chan_untake(*p, b);
	}
}

/* Another link, as if its HELLO had been judged; the next message is its. */
static void
add_link(struct caller *u)
{
	const struct al_hello hello = { .min_version = 1, .max_version = 1,
	    .epoch = (uint32_t)u->n_links };
	struct al_err err;
	struct al_link *l;

	if (u->n_links == LINKS)
		return;
	l = u->n->s->role == AL_OPENER ?
	    al_link_open(u->n->s, u->w.now_us, &err) :
	    al_link_accept(u->n->s, &hello, u->w.now_us, &err);
	if (l != NULL)
		u->link[u->n_links++] = u->n->l = l;
}

static void
use_link(struct caller *u, size_t more)
{
	size_t i = 0;

	while (u->link[i] != u->n->l)
		i++;
	u->n->l = u->link[(i + more) % u->n_links];
}

static void
do_step(struct caller *u, unsigned step)
{
	struct al_chan **p = &u->chan[step % 2], **q = u->unanswered, **to;

	switch (step / 2) {
	case 0: case 1: case 2: case 3: case 4: case 5:
		do_chan(u, step / 2, p);
		break;
	case 6:
		to = place_of(u->chan, NULL);
		while (q < u->unanswered + CHANS - 1 && *q == NULL)
			q++;
		if (*q == NULL)
			break;
		if (step % 2 == 0 && to != NULL)
			al_chan_accept(*to = *q, "{}");
		else
			al_chan_refuse(*q, 3, "no");
		*q = NULL;
		break;
	case 7:
		events(u, step % 2 ? 1 : SIZE_MAX);
		break;
	case 8:
		take(u);
		break;
	case 9:
		open_one(u);
		break;
	case 10:
		u->w.now_us += step % 2 ? 5000 : 10000000;
		al_session_expired(u->n->s, u->w.now_us);
		CHECK(al_session_expiry(u->n->s) > u->w.now_us);
		break;
	case 11:
		al_session_goaway(u->n->s, step % 2 ? 7 : 16, 1, "x");
		break;
	case 12:
		al_session_close(u->n->s, step % 2 ? 0 : 17, "x");
		break;
	case 13:
		if (step % 2)
			(void)al_session_detach(u->n->s, 20, 1, "x",
			    u->w.now_us);
		else
			(void)al_session_ping(u->n->s, u->w.now_us);
		break;
	case 14:
		add_link(u);
		break;
	default:
		use_link(u, 1 + step % 2);
	}
}

static enum al_code
feed(struct caller *u, const uint8_t *p, size_t len)
{
	struct al_block *b = al_block_new(len);
	struct al_err err;
	enum al_code code;

	CHECK(b != NULL);
	memcpy(al_block_head(b), p, len);
	b->len = (uint32_t)len;
	code = al_link_feed(u->n->l, &b, u->w.now_us, &err);
	al_block_free(b);
	return code;
}

/* Both STARTs, and a channel of each side, if the ids allow. */
static void
greet(struct caller *u, enum al_role role)
{
	static const struct al_welcome w = { .version = AL_PROTOCOL_VERSION };
	uint8_t p[512];
	size_t n;
	const struct al_frame_open o = { .kind = AL_CHAN_TCP, .json = "{}",
	    .json_len = 2 };

	take(u);
	if (role == AL_OPENER) {
		n = al_frame_encode_welcome(p, sizeof(p), &w);
		CHECK(feed(u, p, n) == AL_OK);
	}
	al_frame_put_start(p, 0);
	CHECK(feed(u, p, AL_FRAME_START_LEN) == AL_OK);
	n = al_frame_encode_open(p, sizeof(p), AL_F_OPEN,
	    role == AL_OPENER ? 2 : 1, &o);
	CHECK(feed(u, p, n) == AL_OK);
	open_one(u);
	events(u, SIZE_MAX);
	do_step(u, 12);
	take(u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static struct caller u;
	uint8_t how = len > 0 ? *p++ : 0;
	struct al_session_opts o = { .role = how & 1 ? AL_OPENER :
	    AL_ACCEPTOR, .process = &u.w.budget };
	const uint8_t *end = p + (len > 0 ? len - 1 : 0);
	struct al_err err;

	memset(&u, 0, sizeof(u));
	u.w.now_us = 1000000;
	u.w.budget.max = how & 4 ? 100000 : SIZE_MAX / 2;
	u.w.n_nodes = 1;
	u.n = &u.w.node[0];
	if (how & 4)
		o.max_channels = o.max_pending = 2;
	u.n->w = &u.w;
	u.n->s = al_session_new(&o, u.w.now_us, &err);
	CHECK(u.n->s != NULL);
	u.n->ring_max0 = RING_MIN;
	add_link(&u);
	CHECK(u.n->l != NULL);
	if (how & 2)
		greet(&u, o.role);
	while (p < end) {
		size_t n = *p++;

		if (n < 0x20) {
			do_step(&u, (unsigned)n);
		} else if (p < end) {
			n |= (size_t)*p++ << 8;
			n = n < (size_t)(end - p) ? n : (size_t)(end - p);
			if (feed(&u, p, n) != AL_OK)
				break;
			p += n;
		}
		world_check(&u.w);
	}
	if (how & 8)
		al_link_free(u.n->l, u.w.now_us);
	events(&u, SIZE_MAX);
	al_session_free(u.n->s);
	CHECK(u.w.budget.used == 0);
	return 0;
}
