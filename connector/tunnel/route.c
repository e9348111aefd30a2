/* connector/tunnel/route.c - route URL: which proxies, and why these. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "connector/daemon/reach.h"
#include "connector/tunnel/tunnel.h"

static json_t *
text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static int
print_json(const struct al_choice *c)
{
	json_t *route = json_array(), *considered = json_array(), *all;
	char text[AL_CHAIN_TEXT];
	size_t i;
	int r;

	for (i = 0; i < c->route.n; i++)
		if (al_chain_format(&c->route.chains[i], text,
		    sizeof(text)) == AL_OK)
			(void)json_array_append_new(route, json_string(text));
	for (i = 0; i < AL_SOURCES; i++) {
		const struct al_considered *k = &c->considered[i];

		if (k->lost == NULL && k->value == NULL)
			continue;	/* nobody got that far */
		(void)json_array_append_new(considered,
		    json_pack("{s:s,s:o,s:o,s:o,s:o}", "source",
		    al_source_name(k->source), "variable",
		    text_or_null(k->variable), "pac",
		    text_or_null(k->where), "value",
		    text_or_null(k->value), "lost", text_or_null(k->lost)));
	}
	all = json_pack("{s:s,s:s,s:o,s:o,s:o}", "url", c->url, "source",
	    al_source_name(c->source), "route", route, "considered",
	    considered, "no_proxy_match", text_or_null(c->no_proxy_match));
	r = json_dumpf(all, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(all);
	return r;
}

static void
print_text(const struct al_choice *c)
{
	char text[AL_CHAIN_TEXT];
	size_t i;

	printf("%s\n", c->url);
	for (i = 0; i < c->route.n; i++)
		if (al_chain_format(&c->route.chains[i], text,
		    sizeof(text)) == AL_OK)
			printf("  %zu. %s\n", i + 1, text);
	printf("because\n");
	for (i = 0; i < AL_SOURCES; i++) {
		const struct al_considered *k = &c->considered[i];

		if (k->lost == NULL && k->value == NULL)
			continue;
		printf("  %-12s %s%s%s%s%s%s%s\n", al_source_name(k->source),
		    k->variable != NULL ? k->variable : "",
		    k->variable != NULL ? "=" : "",
		    k->where != NULL ? k->where : "",
		    k->where != NULL ? ": " : "",
		    k->value != NULL ? k->value : "",
		    k->value != NULL ? ": " : "",
		    k->lost != NULL ? k->lost : "used");
	}
	if (c->no_proxy_match != NULL)
		printf("no_proxy entry \"%s\" matches: direct\n",
		    c->no_proxy_match);
}

enum al_exit
run_route(struct tunnel *t, const char *url)
{
	struct al_choice c;
	struct al_err err;
	struct al_workspace *w;
	struct al_url u;

	if (al_url_parse(&u, url, &err) != AL_OK) {
		err.stage = AL_AT_NONE;		/* typed, not configured */
		return al_exit_say(PROGRAM, &err);
	}
	al_url_fini(&u);
	w = al_reach_open(t->conf, NULL, note, t, &err);
	if (w == NULL || al_reach_find(t->base, t->loop, t->resolver, w, url,
	    &c, &err) != AL_OK) {
		al_workspace_free(w);
		return al_exit_say(PROGRAM, &err);
	}
	if (t->json) {
		if (print_json(&c) != 0)
			t->status = AL_EXIT_IO;
	} else {
		print_text(&c);
	}
	al_choice_fini(&c);
	al_workspace_free(w);
	if (fflush(stdout) != 0)
		t->status = AL_EXIT_IO;
	return t->status;
}
