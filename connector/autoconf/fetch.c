/* connector/autoconf/fetch.c - get a PAC file: one GET, always direct. */
#include "connector/autoconf/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connector/autoconf/get.h"
#include "connector/autoconf/location.h"
#include "connector/base/hash.h"
#include "connector/base/str.h"
#include "connector/dial/dial.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"

#define SHOWN	160	/* of a URL in a sentence */

struct al_fetch {
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	struct al_tls_ctx	*tls;
	unsigned		 flags, total_ms;
	bool			 is_pinned;
	uint8_t			 sha256[AL_SHA256_LEN];
	char			 shown[SHOWN];	/* the URL asked for */
	al_on_fetch		*on_fetch;
	void			*arg;

	struct al_location	 at;		/* changed by redirects */
	unsigned		 redirects;
	bool			 trusted;
	struct al_get		 get;
	struct al_dial		*dial;
	const char		*doing;		/* when the time is over */
	struct al_timer		 deadline;
	struct al_task		 start;
};

static void	visit(struct al_fetch *f);

/* --- ends ----------------------------------------------------------------- */
static void
bury(void *p)
{
	struct al_fetch *f = p;

	al_location_fini(&f->at);
	al_get_fini(&f->get);
	free(f);
}

static void
end(struct al_fetch *f)
{
	al_dial_cancel(f->dial);
	f->dial = NULL;
	al_timer_fini(&f->deadline);
	al_task_fini(&f->start);
	al_loop_bury(f->loop, f, bury);
}

void
al_fetch_cancel(struct al_fetch *f)
{
	if (f != NULL)
		end(f);
}

/* Why is a sentence about the place where we are now. */
static void
fail(struct al_fetch *f, const struct al_err *why)
{
	char now[AL_LOCATION_AUTHORITY];
	struct al_err err = *why;

	err.stage = AL_AT_PAC;
	err.cause = AL_CAUSE_PAC;
	if (f->redirects > 0) {
		al_location_authority(&f->at, now);
		al_err_prefix(&err, "redirected to %s://%.100s",
		    f->at.url.scheme, now);
	}
	al_err_prefix(&err, "the PAC file %s", f->shown);
	end(f);				/* buried: still readable */
	f->on_fetch(f->arg, NULL, &err);
}

static void
fail_text(struct al_fetch *f, enum al_code code, int sys, const char *why)
{
	struct al_err err;

	(void)al_fail(&err, code, AL_AT_PAC, sys, "%s", why);
	fail(f, &err);
}

static void
succeed(struct al_fetch *f)
{
	const struct al_fetched fetched = {
		.body = al_buf_len(&f->get.body) > 0 ?
		    al_buf_head(&f->get.body) : (const uint8_t *)"",
		.len = al_buf_len(&f->get.body),
		.content_type = f->get.content_type,
		.max_age_s = f->get.max_age_s,
		.trusted = f->trusted,
	};
	uint8_t is[AL_SHA256_LEN];

	if (f->is_pinned &&
	    al_sha256(is, fetched.body, fetched.len) != AL_OK) {
		fail_text(f, AL_ENOMEM, 0, "out of memory");
		return;
	}
	if (f->is_pinned && memcmp(is, f->sha256, sizeof(is)) != 0) {
		fail_text(f, AL_EPROTO, 0, "it is not the file whose SHA-256 "
		    "is configured");
		return;
	}
	end(f);
	f->on_fetch(f->arg, &fetched, NULL);
}

static void
on_deadline(void *arg)
{
	struct al_fetch *f = arg;
	struct al_err err;

	(void)al_fail(&err, AL_ETIMEOUT, AL_AT_PAC, 0,
	    "it could not be read within %u ms, the last of them spent on %s",
	    f->total_ms, f->doing);
	fail(f, &err);
}

/* --- files and data ------------------------------------------------------- */
static enum al_code
read_all(struct al_buf *out, int fd, struct al_err *err)
{
	uint8_t part[16384];
	ssize_t n;

	for (;;) {
		n = read(fd, part, sizeof(part));
		if (n == 0)
			return AL_OK;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return al_fail(err, AL_ENET, AL_AT_PAC, errno, "%s",
			    strerror(errno));
		switch (al_buf_put(out, part, (size_t)n)) {
		case AL_OK:
			break;
		case AL_ELIMIT:
			return al_fail(err, AL_ELIMIT, AL_AT_PAC, 0,
			    "it is larger than 1 MiB");
		default:
			return al_fail_nomem(err, AL_AT_PAC);
		}
	}
}

/* Only a plain file: nothing that waits for somebody, or never ends. */
static enum al_code
read_file(struct al_buf *out, const char *path, struct al_err *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	enum al_code code;
	struct stat st;

	if (fd < 0)
		return al_fail(err, errno == EACCES ? AL_EREFUSED : AL_EUSAGE,
		    AL_AT_PAC, errno, "%s", strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		code = al_fail(err, AL_EUSAGE, AL_AT_PAC, 0,
		    "it is not a plain file");
	else
		code = read_all(out, fd, err);
	(void)close(fd);
	return code;
}

static void
visit_here(struct al_fetch *f)
{
	struct al_get *g = &f->get;
	enum al_code code;
	struct al_err err;

	if (f->at.kind == AL_LOCATION_FILE)
		code = read_file(&g->body, f->at.path, &err);
	else
		code = al_data_decode(&g->body, &g->content_type, f->at.data,
		    &err);
	if (code != AL_OK)
		fail(f, &err);
	else
		succeed(f);
}

/* --- http and https ------------------------------------------------------- */
static void
follow(struct al_fetch *f)
{
	struct al_location to;
	struct al_err err;

	if (f->redirects == AL_FETCH_REDIRECTS) {
		fail_text(f, AL_EPROTO, 0, "that redirects once more, which "
		    "makes too many");
		return;
	}
	if (al_location_follow(&to, &f->at, f->get.location, &err) != AL_OK) {
		fail(f, &err);
		return;
	}
	if (f->flags & AL_FETCH_SAME_HOST &&
	    strcmp(to.url.host, f->at.url.host) != 0) {
		(void)al_fail(&err, AL_EREFUSED, AL_AT_PAC, 0,
		    "it redirects to another host, %.100s, which is not "
		    "followed here", to.url.host);
		al_location_fini(&to);
		fail(f, &err);
		return;
	}
	al_location_fini(&f->at);
	f->at = to;
	f->redirects++;
	al_get_fini(&f->get);
	visit(f);
}

static void
on_answer(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct al_fetch *f = arg;

	(void)route;
	f->dial = NULL;
	al_stream_free(s);
	if (err != NULL)
		fail(f, err);
	else if (f->get.location != NULL)
		follow(f);
	else
		succeed(f);
}

static void
on_dial(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *cause)
{
	struct al_fetch *f = arg;
	char authority[AL_LOCATION_AUTHORITY];
	struct al_machine m;
	struct al_err err;

	(void)route;
	f->dial = NULL;
	if (cause != NULL) {
		fail(f, cause);
		return;
	}
	f->doing = "waiting for the answer";
	al_location_authority(&f->at, authority);
	if (al_get_machine(&m, &f->get, authority, f->at.url.path, &err) !=
	    AL_OK) {
		al_stream_free(s);
		fail(f, &err);
		return;
	}
	/* our own deadline comes first */
	f->dial = al_handshake_start(f->loop, s, m, 2 * f->total_ms,
	    on_answer, f, &err);
	if (f->dial == NULL)
		fail(f, &err);
}

static void
visit(struct al_fetch *f)
{
	bool https = f->at.kind == AL_LOCATION_HTTPS;
	const struct al_dial_opts o = {
		.host = f->at.url.host,
		.port = f->at.url.port,
		.tls = https ? f->tls : NULL,
		.resolve_flags = f->flags & AL_FETCH_SAME_HOST ?
		    AL_RESOLVE_NO_HOSTS | AL_RESOLVE_NO_SEARCH : 0,
	};
	struct al_err err;

	if (https && f->tls == NULL) {
		fail_text(f, AL_EUSAGE, 0, "https needs TLS settings, and "
		    "there are none");
		return;
	}
	f->trusted = f->trusted && https;
	f->doing = https ? "connecting, and on TLS" : "connecting";
	f->dial = al_dial_start(f->loop, f->resolver, &o, on_dial, f, &err);
	if (f->dial == NULL)
		fail(f, &err);
}

/* --- starting ------------------------------------------------------------- */
static void
on_start(void *arg)
{
	struct al_fetch *f = arg;

	if (f->at.kind == AL_LOCATION_FILE || f->at.kind == AL_LOCATION_DATA)
		visit_here(f);
	else
		visit(f);
}

struct al_fetch *
al_fetch_start(struct al_loop *loop, const struct al_fetch_opts *o,
    al_on_fetch *on_fetch, void *arg, struct al_err *err)
{
	struct al_fetch *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		(void)al_fail_nomem(err, AL_AT_PAC);
		return NULL;
	}
	f->loop = loop;
	f->resolver = o->resolver;
	f->tls = o->tls;
	f->flags = o->flags;
	f->total_ms = o->total_ms > 0 ? o->total_ms : AL_FETCH_MS;
	f->is_pinned = o->sha256 != NULL;
	if (f->is_pinned)
		memcpy(f->sha256, o->sha256, sizeof(f->sha256));
	f->on_fetch = on_fetch;
	f->arg = arg;
	f->trusted = true;
	al_get_init(&f->get);
	al_fetch_show(o->url, f->shown, sizeof(f->shown));
	if (al_location_parse(&f->at, o->url, err) == AL_OK &&
	    al_timer_init(&f->deadline, loop, on_deadline, f, err) == AL_OK &&
	    al_task_init(&f->start, loop, on_start, f, err) == AL_OK) {
		al_timer_set(&f->deadline, f->total_ms);
		al_task_queue(&f->start);
		return f;
	}
	end(f);
	return NULL;
}
