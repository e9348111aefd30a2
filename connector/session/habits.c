/* connector/session/habits.c - what paths are known to do to links. */
#include "connector/session/habits.h"

#include <stdlib.h>
#include <string.h>

#define DAY_S		86400u
#define DAYS_MAX	16u
#define STRAYS		2u	/* a day                                    */
#define LIMIT_MIN_MS	10000u	/* a shorter life is a broken path          */
#define LIMIT_MAX_MS	(UINT64_C(366) * DAY_S * 1000)
#define CUTS		2u	/* that make an age limit                   */
#define CUTS_AGAINST	4u	/* ... although a link got older lately     */
#define CUTS_MAX	1000u

struct al_habits {
	struct al_habit	p[AL_HABITS_MAX];
	size_t		n;
	bool		changed;
};

struct al_habits *
al_habits_new(void)
{
	return calloc(1, sizeof(struct al_habits));
}

void
al_habits_free(struct al_habits *h)
{
	free(h);
}

/* --- paths ---------------------------------------------------------------- */
static bool
is_via(const char *via)
{
	size_t i;

	for (i = 0; i < AL_HABITS_VIA && via[i] != '\0'; i++)
		if (via[i] <= ' ' || via[i] > '~' || via[i] == '@')
			return false;
	return i > 0 && i < AL_HABITS_VIA;
}

static const struct al_habit *
find(const struct al_habits *h, const char *via)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (strcmp(h->p[i].via, via) == 0)
			return &h->p[i];
	return NULL;
}

/* A place for one more: a new one, or that of the one not seen longest. */
static struct al_habit *
place(struct al_habits *h)
{
	size_t i, oldest = 0;

	if (h->n < AL_HABITS_MAX)
		return &h->p[h->n++];
	for (i = 1; i < h->n; i++)
		if (h->p[i].seen_s < h->p[oldest].seen_s)
			oldest = i;
	return &h->p[oldest];
}

static struct al_habit *
find_or_add(struct al_habits *h, const char *via)
{
	const struct al_habit *known = find(h, via);
	struct al_habit *p;

	if (known != NULL)
		return &h->p[known - h->p];
	p = place(h);
	memset(p, 0, sizeof(*p));
	memcpy(p->via, via, strlen(via) + 1);
	return p;
}

/* --- limits --------------------------------------------------------------- */
/* Seconds of a clock that may have been set back. */
static uint64_t
since(uint64_t then_s, uint64_t now_s)
{
	return now_s > then_s ? now_s - then_s : 0;
}

static bool
is_on_trial(const struct al_limit *l, uint64_t now_s)
{
	return since(l->since_s, now_s) >= (uint64_t)l->days * DAY_S ||
	    l->strays >= STRAYS * l->days;
}

/* Found, or found again: then it holds for longer. */
static void
set_limit(struct al_limit *l, uint64_t ms, uint64_t now_s)
{
	if (l->ms == 0)
		l->days = 1;
	else if (is_on_trial(l, now_s) && l->days < DAYS_MAX)
		l->days *= 2;
	l->ms = ms;
	l->since_s = now_s;
	l->strays = 0;
}

static void
no_limit(struct al_limit *l)
{
	memset(l, 0, sizeof(*l));
}

/* Two measures of one limit: the larger allows for a tenth, or for 1 s. */
static bool
agree(uint64_t a, uint64_t b)
{
	uint64_t more = a > b ? a : b, less = a > b ? b : a;
	uint64_t slack = more / 10 > 1000 ? more / 10 : 1000;

	return a != 0 && b != 0 && more - less <= slack;
}

static bool
is_clearly_more(uint64_t a, uint64_t b)
{
	return a > b + b / 5;
}

/* --- idle limit ----------------------------------------------------------- */
/* Timers that forget are exact to about a second. */
static bool
had_survived(const struct al_link_life *l, uint64_t ms)
{
	return l->survived_ms > ms + 1000;
}

/*
 * The silence that a path did not bear; 0: it was none.  PINGs come 0.8 to 1.2
 * intervals after the last sending: a longer gap says that this machine slept.
 */
static uint64_t
idle_limit(struct al_habit *p, const struct al_link_life *l)
{
	uint64_t before = p->quiet_ms;

	if (l->gap_ms * 10 >= l->keepalive_ms * UINT64_C(6) &&
	    l->gap_ms <= l->keepalive_ms * UINT64_C(2))
		return had_survived(l, l->gap_ms) ? 0 : l->gap_ms;
	if (l->silent)
		return 0;
	p->quiet_ms = 0;
	if (l->quiet_ms * 10 < AL_KEEPALIVE_MIN_MS * UINT64_C(6) ||
	    had_survived(l, l->quiet_ms))
		return 0;
	p->quiet_ms = l->quiet_ms;
	return agree(before, l->quiet_ms) ? l->quiet_ms : 0;
}

/* The next interval below one that was too long, with room for its jitter. */
static uint64_t
shorter(uint64_t interval_ms, uint64_t limit_ms)
{
	do
		interval_ms /= 2;
	while (interval_ms > AL_KEEPALIVE_MIN_MS &&
	    interval_ms + interval_ms / 5 >= limit_ms);
	return interval_ms > AL_KEEPALIVE_MIN_MS ? interval_ms :
	    AL_KEEPALIVE_MIN_MS;
}

/* A link from before the present interval was learned has nothing to add. */
static enum al_learned
dropped(struct al_habit *p, uint64_t interval_ms, uint64_t now_s)
{
	if (p->keepalive.ms != 0 && p->keepalive.ms <= interval_ms &&
	    !is_on_trial(&p->keepalive, now_s))
		return AL_LEARNED_NOTHING;
	set_limit(&p->keepalive, interval_ms, now_s);
	return AL_LEARNED_KEEPALIVE;
}

/* --- age limit ------------------------------------------------------------ */
/* Another life has ended at age_ms: cuts counts those that agree. */
static void
count_cut(struct al_habit *p, uint64_t age_ms)
{
	if (!agree(p->cut_ms, age_ms)) {
		p->cut_ms = age_ms;
		p->cuts = 1;
		return;
	}
	if (age_ms < p->cut_ms)
		p->cut_ms = age_ms;
	if (p->cuts < CUTS_MAX)
		p->cuts++;
}

static enum al_learned
cut_at(struct al_habit *p, uint64_t age_ms, uint64_t longest_ms,
    uint64_t now_s)
{
	uint64_t before = p->age.ms, limit = p->cut_ms;
	bool known = agree(before, age_ms);

	if (!known && p->cuts < (is_clearly_more(longest_ms, limit) ?
	    CUTS_AGAINST : CUTS)) {
		if (age_ms < before && p->age.strays < STRAYS * DAYS_MAX)
			p->age.strays++;
		return AL_LEARNED_NOTHING;
	}
	if (known)
		limit = age_ms;
	if (before != 0 && before < limit)
		limit = before;
	set_limit(&p->age, limit, now_s);
	return limit == before ? AL_LEARNED_NOTHING : AL_LEARNED_AGE;
}

/* What its age says, however it ended.  Returns how old others got lately. */
static uint64_t
note_age(struct al_habit *p, uint64_t age_ms, uint64_t now_s)
{
	uint64_t before;

	if (since(p->longest_s, now_s) > DAY_S)
		p->longest_ms = 0;
	before = p->longest_ms;
	if (age_ms >= before) {
		p->longest_ms = age_ms;
		p->longest_s = now_s;
	}
	return before;
}

/* --- learning ------------------------------------------------------------- */
static enum al_learned
learn(struct al_habit *p, const struct al_link_life *l, uint64_t age_ms,
    uint64_t longest_ms, uint64_t now_s)
{
	uint64_t idle_ms = idle_limit(p, l);

	if (age_ms >= LIMIT_MIN_MS && (idle_ms != 0 || !l->silent))
		count_cut(p, age_ms);
	if (idle_ms != 0 && l->keepalive_ms > AL_KEEPALIVE_MIN_MS)
		return dropped(p, shorter(l->keepalive_ms, idle_ms), now_s);
	if (age_ms < LIMIT_MIN_MS || (idle_ms == 0 && l->silent))
		return AL_LEARNED_NOTHING;
	return cut_at(p, age_ms, longest_ms, now_s);
}

enum al_learned
al_habits_link_lost(struct al_habits *h, const char *via,
    const struct al_link_life *l, uint64_t now_s)
{
	uint64_t age_ms, longest_ms;
	enum al_learned what = AL_LEARNED_NOTHING;
	struct al_habit *p;

	if (!is_via(via) || l->keepalive_ms == 0 || l->lived_ms < l->quiet_ms)
		return AL_LEARNED_NOTHING;
	if (l->ours && find(h, via) == NULL)
		return AL_LEARNED_NOTHING;
	p = find_or_add(h, via);
	if (!l->ours || since(p->seen_s, now_s) >= DAY_S)
		h->changed = true;
	p->seen_s = now_s;
	age_ms = l->silent ? l->lived_ms - l->quiet_ms : l->lived_ms;
	longest_ms = note_age(p, age_ms, now_s);
	if (p->age.ms != 0 && is_clearly_more(age_ms, p->age.ms)) {
		no_limit(&p->age);
		h->changed = true;
		what = AL_LEARNED_NO_AGE;
	}
	if (!l->ours) {
		enum al_learned more = learn(p, l, age_ms, longest_ms, now_s);

		if (more != AL_LEARNED_NOTHING)
			what = more;
	}
	return what;
}

/* --- asking --------------------------------------------------------------- */
uint64_t
al_habits_max_age_ms(const struct al_habits *h, const char *via,
    uint64_t random, uint64_t now_s)
{
	const struct al_habit *p = find(h, via);
	uint64_t ms;

	if (p == NULL || p->age.ms == 0 || is_on_trial(&p->age, now_s))
		return 0;
	ms = p->age.ms / 10 * 8;
	return ms - ms / 10 + random % (ms / 5 + 1);
}

/* Doubled for each time that it has held for as long as it has to. */
uint32_t
al_habits_keepalive_ms(const struct al_habits *h, const char *via,
    uint32_t configured_ms, uint64_t now_s)
{
	const struct al_habit *p = find(h, via);
	uint64_t ms, held;

	if (p == NULL || p->keepalive.ms == 0)
		return configured_ms;
	held = since(p->keepalive.since_s, now_s) /
	    ((uint64_t)p->keepalive.days * DAY_S);
	for (ms = p->keepalive.ms; held > 0 && ms < configured_ms; held--)
		ms *= 2;
	return ms < configured_ms ? (uint32_t)ms : configured_ms;
}

/* --- saving --------------------------------------------------------------- */
bool
al_habits_changed(const struct al_habits *h)
{
	return h->changed;
}

void
al_habits_saved(struct al_habits *h)
{
	h->changed = false;
}

const struct al_habit *
al_habits_get(const struct al_habits *h, size_t i)
{
	return i < h->n ? &h->p[i] : NULL;
}

static bool
is_limit(const struct al_limit *l)
{
	if (l->ms == 0)
		return l->since_s == 0 && l->days == 0 && l->strays == 0;
	return l->ms >= LIMIT_MIN_MS && l->ms <= LIMIT_MAX_MS &&
	    l->days >= 1 && l->days <= DAYS_MAX &&
	    l->strays <= STRAYS * DAYS_MAX;
}

static uint64_t
past(uint64_t then_s, uint64_t now_s)
{
	return then_s < now_s ? then_s : now_s;
}

bool
al_habits_put(struct al_habits *h, const struct al_habit *saved,
    uint64_t now_s)
{
	struct al_habit *p;

	if (!is_via(saved->via) || !is_limit(&saved->age) ||
	    !is_limit(&saved->keepalive) || saved->cuts > CUTS_MAX ||
	    saved->quiet_ms > LIMIT_MAX_MS || saved->cut_ms > LIMIT_MAX_MS ||
	    saved->longest_ms > LIMIT_MAX_MS ||
	    since(saved->seen_s, now_s) > AL_HABITS_KEEP_S)
		return false;
	p = find_or_add(h, saved->via);
	*p = *saved;
	p->seen_s = past(p->seen_s, now_s);
	p->age.since_s = past(p->age.since_s, now_s);
	p->keepalive.since_s = past(p->keepalive.since_s, now_s);
	p->longest_s = past(p->longest_s, now_s);
	return true;
}
