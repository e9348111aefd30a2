/*
 * tests/lib/gss_ask.c - the library's side of Kerberos, for the system tests.
 *
 * gss_ask HELPER DEADLINE-MS NAME=VALUE...: target=, ccache=, keytab=,
 * principal=, password=, mech=krb5.  Prints a line for each answer:
 *	continue TOKEN | done TOKEN | fail CODE CLASS local|peer SENTENCE
 * and takes a line with the peer's token after each "continue".  Tokens are
 * in base64.  At the end: how long the loop was ever away, "stall MS".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "connector/base/b64.h"
#include "connector/helper/gss.h"
#include "connector/loop/loop.h"

static struct al_gss *gss;
static struct event_base *base;
static struct al_timer tick;
static uint64_t last_ms, stall_ms;

static void
on_tick(void *arg)
{
	uint64_t now = al_now_ms();

	(void)arg;
	if (now - last_ms > stall_ms)
		stall_ms = now - last_ms;
	last_ms = now;
	al_timer_set(&tick, 10);
}

static void
finish(void)
{
	al_gss_free(gss);
	gss = NULL;
	(void)event_base_loopbreak(base);
}

static void on_gss(void *arg, const struct al_gss_result *r);

static void
step(void)
{
	static char line[100000];
	static uint8_t token[100000];
	struct al_err err;
	size_t len;

	if (fgets(line, sizeof(line), stdin) == NULL) {
		finish();
		return;
	}
	line[strcspn(line, "\n")] = '\0';
	if (!al_b64_decode(token, sizeof(token), line, strlen(line), &len))
		exit(2);
	if (al_gss_step(gss, token, len, on_gss, NULL, &err) != AL_OK)
		exit(3);
	last_ms = al_now_ms();		/* fgets may have waited */
}

static void
on_gss(void *arg, const struct al_gss_result *r)
{
	static char text[200000];

	(void)arg;
	if (r->err != NULL) {
		printf("fail %s %d %s %s\n", al_code_name(r->err->code),
		    (int)r->why, r->local ? "local" : "peer", r->err->text);
		finish();
		return;
	}
	(void)al_b64_encode(text, sizeof(text), r->token, r->len);
	printf("%s %s\n", r->done ? "done" : "continue", text);
	(void)fflush(stdout);
	if (r->done)
		finish();
	else
		step();
}

static void
set(struct al_gss_opts *o, const char *arg)
{
	const char *v = strchr(arg, '=');

	if (v == NULL)
		exit(64);
	v++;
	if (strncmp(arg, "target=", 7) == 0)
		o->target = v;
	else if (strncmp(arg, "mech=", 5) == 0)
		o->mech = AL_GSS_KRB5;
	else if (strncmp(arg, "principal=", 10) == 0)
		o->principal = v;
	else if (strncmp(arg, "ccache=", 7) == 0)
		o->source = AL_GSS_CCACHE, o->ccache = v;
	else if (strncmp(arg, "keytab=", 7) == 0)
		o->source = AL_GSS_KEYTAB, o->keytab = v;
	else if (strncmp(arg, "password=", 9) == 0)
		o->source = AL_GSS_PASSWORD, o->password = v;
	else
		exit(64);
}

int
main(int argc, char **argv)
{
	struct al_gss_opts o = { 0 };
	struct al_loop *loop;
	struct al_err err;
	int i;

	if (argc < 3)
		return 64;
	o.helper = argv[1];
	o.deadline_ms = (unsigned)atoi(argv[2]);
	for (i = 3; i < argc; i++)
		set(&o, argv[i]);
	base = event_base_new();
	loop = base != NULL ? al_loop_new(base, &err) : NULL;
	if (loop == NULL || al_timer_init(&tick, loop, on_tick, NULL, &err) !=
	    AL_OK)
		return 1;
	gss = al_gss_start(loop, &o, on_gss, NULL, &err);
	if (gss == NULL) {
		printf("cannot start: %s\n", err.text);
	} else {
		last_ms = al_now_ms();
		on_tick(NULL);
		(void)event_base_dispatch(base);
		printf("stall %u\n", (unsigned)stall_ms);
	}
	al_timer_fini(&tick);
	al_loop_free(loop);
	event_base_free(base);
	return 0;
}
