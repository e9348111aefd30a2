/* connector/engine/session.c - a session: life, events, deadlines. */
#include <stdlib.h>
#include <string.h>

#include <stdio.h>

#include "connector/engine/session_int.h"

static uint32_t
or_default(uint32_t v, uint32_t def)
{
	return v != 0 ? v : def;
}

static void
set_hello(struct al_session *s, const struct al_session_opts *o)
{
	struct al_hello *h = &s->hello;

	h->min_version = h->max_version = AL_PROTOCOL_VERSION;
	h->probe = o->probe;
	h->max_channels = s->max_channels;
	memcpy(h->instance, o->instance, sizeof(h->instance));
	if (o->software != NULL)
		(void)snprintf(h->software, sizeof(h->software), "%s",
		    o->software);
}

static void
set_welcome(struct al_session *s, const struct al_session_opts *o)
{
	struct al_welcome *w = &s->welcome;

	w->status = AL_WELCOME_NEW;
	w->version = AL_PROTOCOL_VERSION;
	memcpy(s->id, o->id, sizeof(s->id));
	memcpy(w->id, o->id, sizeof(w->id));
	memcpy(s->key, o->resume_key, sizeof(s->key));
	memcpy(w->resume_key, o->resume_key, sizeof(w->resume_key));
	w->grace_s = o->grace_s;
	s->grace_us = o->grace_s * UINT64_C(1000000);
	w->max_age_s = o->max_age_s;
	w->max_channels = s->max_channels;
}

struct al_session *
al_session_new(const struct al_session_opts *o, uint64_t now_us,
    struct al_err *err)
{
	struct al_session *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)al_fail_nomem(err, AL_AT_SESSION);
		return NULL;
	}
	s->role = o->role;
	s->max_channels = or_default(o->max_channels, MAX_CHANNELS);
	s->max_pending = or_default(o->max_pending, MAX_PENDING);
	s->peer_max_channels = MAX_CHANNELS;
	s->window_budget = o->window_budget != 0 ? o->window_budget :
	    WINDOW_BUDGET;
	s->process = o->process;
	if (s->process != NULL)
		s->process->sessions++;
	s->ping_ms = or_default(o->ping_ms, PING_MS);
	s->dead_us = o->dead_ms * UINT64_C(1000);
	s->jitter = o->jitter;
	s->ring_max = RING_MIN;
	s->ack_due_us = UINT64_MAX;
	s->fair_us = now_us;
	TAILQ_INIT(&s->links);
	TAILQ_INIT(&s->all);
	TAILQ_INIT(&s->ctl);
	TAILQ_INIT(&s->opens);
	TAILQ_INIT(&s->ev);
	TAILQ_INIT(&s->interactive);
	TAILQ_INIT(&s->bulk);
	TAILQ_INIT(&s->notes);
	if (s->role == AL_OPENER)
		set_hello(s, o);
	else
		set_welcome(s, o);
	return s;
}

void
al_session_free(struct al_session *s)
{
	struct al_link *l;
	struct al_chan *c;
	struct note *n;

	if (s == NULL)
		return;
	while ((l = TAILQ_FIRST(&s->links)) != NULL) {
		TAILQ_REMOVE(&s->links, l, entry);
		free(l);
	}
	while ((c = TAILQ_FIRST(&s->all)) != NULL)
		al_chan_destroy(c);
	while ((n = TAILQ_FIRST(&s->notes)) != NULL) {
		TAILQ_REMOVE(&s->notes, n, entry);
		free(n);
	}
	if (s->process != NULL) {
		s->process->used -= s->ring_max - RING_MIN;
		s->process->sessions--;
	}
	al_block_free_list(s->ring_head);
	al_block_free(s->open);
	free(s->slots);
	free(s->told_text);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

void
al_session_buffered(struct al_session *s, size_t n)
{
	s->buffered += n;
	if (s->process != NULL)
		s->process->buffered += n;
}

void
al_session_unbuffered(struct al_session *s, size_t n)
{
	s->buffered -= n;
	if (s->process != NULL)
		s->process->buffered -= n;
}

bool
al_session_idle_frame(struct al_session *s, uint64_t now_us)
{
	if (now_us - s->idle_us >= 1000000) {
		s->idle_us = now_us;
		s->idle_frames = 0;
	}
	return ++s->idle_frames <= IDLE_FRAMES_S;
}

const uint8_t *
al_session_id(const struct al_session *s)
{
	return s->id;
}

size_t
al_session_channels(const struct al_session *s)
{
	return s->n_channels;
}

struct al_chan *
al_session_any(const struct al_session *s)
{
	struct al_chan *c;

	TAILQ_FOREACH(c, &s->all, all)
		if (!(c->bits & C_LEFT))
			return c;
	return NULL;
}

bool
al_session_close_sent(const struct al_session *s)
{
	return s->close_sent;
}

/* --- events --------------------------------------------------------------- */
static void
set_note(struct note *n, enum al_ev_type type, uint16_t code, uint64_t value,
    const char *text)
{
	n->type = type;
	n->code = code;
	n->value = value;
	(void)snprintf(n->text, sizeof(n->text), "%s", text);
}

/* A peer that floods with GOAWAY and DETACH is told to no more than 64. */
enum al_code
al_session_note(struct al_session *s, enum al_ev_type type, uint16_t code,
    uint64_t value, const char *text, struct al_err *err)
{
	struct note *n;

	if (s->n_notes >= NOTES_MAX) {
		s->skipped++;
		return AL_OK;
	}
	n = calloc(1, sizeof(*n));
	if (n == NULL)
		return al_fail_nomem(err, AL_AT_SESSION);
	set_note(n, type, code, value, text);
	TAILQ_INSERT_TAIL(&s->notes, n, entry);
	s->n_notes++;
	return AL_OK;
}

/* The end has a place of its own: neither a flood nor want of memory may
 * keep it from being told. */
void
al_session_note_end(struct al_session *s, enum al_ev_type type,
    uint16_t code, uint64_t value, const char *text)
{
	set_note(&s->end, type, code, value, text);
	s->end_due = true;
}

static void
next_note(struct al_session *s, struct al_event *ev)
{
	struct note *n = TAILQ_FIRST(&s->notes);

	if (n != NULL) {
		TAILQ_REMOVE(&s->notes, n, entry);
		s->n_notes--;
		s->told = *n;
		free(n);
	} else {
		s->told = s->end;
		s->end_due = false;
	}
	*ev = (struct al_event){ .type = s->told.type, .link = s->link,
	    .code = s->told.code, .value = s->told.value,
	    .text = s->told.text };
}

static void
next_of_channel(struct al_chan *c, struct al_event *ev)
{
	static const enum al_ev_type types[] = {
		AL_EV_OPEN, AL_EV_ACCEPT, AL_EV_DATA, AL_EV_WRITABLE,
		AL_EV_REFUSE, AL_EV_RESET
	};
	struct al_session *s = c->s;
	unsigned i;

	for (i = 0; !(c->tell & 1u << i); i++)
		;
	c->tell &= (uint8_t)~(1u << i);
	if (c->tell == 0) {
		TAILQ_REMOVE(&s->ev, c, ev);
		c->bits &= (uint16_t)~C_ON_EV;
	}
	*ev = (struct al_event){ .type = types[i], .link = s->link,
	    .chan = c, .kind = c->kind, .code = c->ev_code, .text = "" };
	if (c->ev_text == NULL || types[i] == AL_EV_DATA ||
	    types[i] == AL_EV_WRITABLE)
		return;
	/* it outlives the channel, and an idle channel keeps none */
	s->told_text = c->ev_text;
	c->ev_text = NULL;
	ev->text = s->told_text;
}

static bool
next_of_links(struct al_session *s, struct al_event *ev)
{
	struct al_link *l;

	TAILQ_FOREACH(l, &s->links, entry) {
		if (!l->over_due)
			continue;
		l->over_due = false;
		*ev = (struct al_event){ .type = l->over_type, .link = l,
		    .code = l->over_code, .value = l->over_value,
		    .text = l->over_text };
		return true;
	}
	return false;
}

/* What has become of the links since the last event about them. */
static bool
next_of_session(struct al_session *s, struct al_event *ev)
{
	enum al_ev_type type;

	if (s->settled && s->told_links == TOLD_NOTHING) {
		type = AL_EV_UP;
		s->told_links = TOLD_UP;
		s->moved = false;
	} else if (s->over || s->close_sent) {
		return false;
	} else if (s->told_links == TOLD_UP && s->detached_us != 0) {
		if (next_of_links(s, ev))
			return true;	/* first, how it ended */
		type = AL_EV_DETACHED;
		s->told_links = TOLD_DETACHED;
	} else if (s->told_links == TOLD_DETACHED && s->detached_us == 0) {
		type = AL_EV_RESUMED;
		s->told_links = TOLD_UP;
		s->moved = false;
	} else if (s->told_links == TOLD_UP && s->moved) {
		type = AL_EV_SWITCHED;
		s->moved = false;
	} else {
		return false;
	}
	*ev = (struct al_event){ .type = type, .link = s->link, .text = "" };
	return true;
}

bool
al_session_next(struct al_session *s, struct al_event *ev)
{
	free(s->told_text);
	s->told_text = NULL;
	if (next_of_session(s, ev))
		return true;
	if (!TAILQ_EMPTY(&s->notes)) {
		next_note(s, ev);
	} else if (!TAILQ_EMPTY(&s->ev)) {
		next_of_channel(TAILQ_FIRST(&s->ev), ev);
	} else if (next_of_links(s, ev)) {
		return true;
	} else if (s->end_due) {
		/* last: what was delivered before CLOSE is still read */
		next_note(s, ev);
	} else {
		return false;
	}
	return true;
}

/* --- the session as a whole ----------------------------------------------- */
bool
al_session_ping(struct al_session *s, uint64_t now_us)
{
	(void)now_us;
	if (s->ping_due || (s->link != NULL && s->link->ping_out))
		return false;
	s->ping_due = true;
	return true;
}

uint64_t
al_session_rtt_us(const struct al_session *s)
{
	return s->rtt_us;
}

uint32_t
al_session_max_age_s(const struct al_session *s)
{
	return s->max_age_s;
}

static void
set_text(char *to, const char *text)
{
	(void)snprintf(to, AL_FRAME_TEXT_MAX + 1, "%s",
	    text != NULL ? text : "");
}

void
al_session_goaway(struct al_session *s, uint16_t code, uint32_t retry_after_s,
    const char *text)
{
	if (s->goaway_due || s->goaway_sent)
		return;
	s->goaway_due = true;
	s->goaway_code = code;
	s->goaway_retry_s = retry_after_s;
	set_text(s->goaway_text, text);
}

void
al_session_close(struct al_session *s, uint16_t code, const char *text)
{
	if (s->close_due || s->close_sent)
		return;
	s->close_due = true;
	s->close_code = code;
	set_text(s->close_text, text);
}
