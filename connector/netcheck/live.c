/* connector/netcheck/live.c - the table on a terminal, while it fills. */
#include "connector/netcheck/live.h"

#include <stdlib.h>
#include <string.h>

#include "connector/daemon/redact.h"
#include "connector/loop/loop.h"

#define SOON_MS	30
#define TICK_MS	250

struct live {
	struct al_report		*report;
	const struct al_text_opts	*opts;
	struct al_timer			 timer;
	bool				 drawn, soon;
};

bool
live_write(const char *text)
{
	char *safe = al_redact_dup(text);
	bool ok = safe != NULL && fputs(safe, stdout) != EOF &&
	    fflush(stdout) == 0;

	free(safe);
	return ok;
}

static void
draw(struct live *l)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return;
	if (l->drawn)
		(void)fprintf(out, "\033[%dA\033[J", AL_CHECKS - 1);
	if (l->report->outcome == AL_OUTCOME_UNDER_WAY)
		l->report->now_us = al_now_us() - l->report->start_us;
	al_report_table(out, l->report, l->opts);
	if (fclose(out) == 0)
		(void)live_write(text);
	free(text);
	l->drawn = true;
}

static void
on_time(void *arg)
{
	struct live *l = arg;

	l->soon = false;
	draw(l);
	al_timer_set(&l->timer, TICK_MS);
}

struct live *
live_new(struct al_loop *loop, struct al_report *r,
    const struct al_text_opts *o, struct al_err *err)
{
	struct live *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	l->report = r;
	l->opts = o;
	if (al_timer_init(&l->timer, loop, on_time, l, err) == AL_OK) {
		draw(l);
		al_timer_set(&l->timer, TICK_MS);
		return l;
	}
	free(l);
	return NULL;
}

void
live_changed(struct live *l)
{
	if (l == NULL || l->soon)
		return;
	l->soon = true;
	al_timer_set(&l->timer, SOON_MS);
}

void
live_free(struct live *l)
{
	if (l == NULL)
		return;
	draw(l);
	al_timer_fini(&l->timer);
	free(l);
}
