/* connector/helper/child.c - a helper process: one question, one answer. */
#include "connector/helper/child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connector/base/buf.h"
#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "connector/helper/spawn.h"
#include "connector/loop/loop.h"

#define MSG_MAX_DEFAULT	65536u
#define HEAD		4u
#define LOOK_MS		5u	/* without a pidfd */

struct al_child {
	struct al_loop		*loop;
	struct al_proc		 proc;
	struct al_watch		 io, death;
	struct al_timer		 timer;
	struct al_timer		 look;		/* instead of death          */
	struct al_buf		 in, out;
	struct al_leftover	 leftover;	/* freed, not yet reaped     */
	struct al_err		 broken;	/* code: no more questions   */
	bool			 closed;	/* it has closed its end     */
	bool			 freed;
	enum al_stage		 stage;
	unsigned		 deadline_ms;
	al_on_child		*on_child;	/* NULL: nothing is asked    */
	void			*arg;
	char			 name[64];
};

static void
destroy(struct al_child *c)
{
	al_watch_fini(&c->io);
	al_watch_fini(&c->death);
	al_timer_fini(&c->timer);
	al_timer_fini(&c->look);
	al_buf_fini(&c->in);
	al_buf_fini(&c->out);
	al_proc_end(&c->proc);
	free(c);
}

/* Its death is still seen, and reaped. */
static void
kill_it(struct al_child *c)
{
	al_proc_kill(&c->proc);
	if (c->proc.pid > 0 && c->proc.pidfd < 0)
		al_timer_set(&c->look, LOOK_MS);
}

/* The end of a question.  The callback may free c: nothing comes after. */
static void
report(struct al_child *c, const struct al_buf *got, const struct al_err *why)
{
	al_on_child *on_child = c->on_child;
	const uint8_t *msg = got != NULL ? al_buf_head(got) + HEAD : NULL;
	size_t len = got != NULL ? al_buf_len(got) - HEAD : 0;

	c->on_child = NULL;
	al_timer_cancel(&c->timer);
	al_watch_set(&c->io, 0);
	if (on_child != NULL)
		on_child(c->arg, msg, len, why);
}

/* c->broken says why. */
static void
fail(struct al_child *c)
{
	const struct al_err why = c->broken;	/* c may be freed below */

	kill_it(c);
	report(c, NULL, &why);
}

static void
answer(struct al_child *c)
{
	/* it outlives c, if the callback wants that */
	struct al_buf got = c->in;

	if (al_buf_len(&c->out) > 0) {
		(void)al_fail(&c->broken, AL_EPROTO, c->stage, 0,
		    "%s answered before it had the whole question", c->name);
		fail(c);
		return;
	}
	al_buf_init(&c->in, got.max);
	report(c, &got, NULL);
	al_buf_fini(&got);
}

/* --- bytes ---------------------------------------------------------------- */

enum got { GOT_MORE, GOT_ANSWER, GOT_END, GOT_LIE, GOT_NO_MEMORY };

/* Never a byte behind the message: those are another mistake. */
static size_t
wanted(const struct al_child *c)
{
	size_t have = al_buf_len(&c->in), len;

	if (have < HEAD)
		return HEAD - have;
	len = al_get_u32(al_buf_head(&c->in));
	return len > c->in.max - HEAD ? SIZE_MAX : HEAD + len - have;
}

static enum got
take_in(struct al_child *c)
{
	size_t want;
	uint8_t *room;
	ssize_t n;

	while ((want = wanted(c)) > 0) {
		if (want == SIZE_MAX)
			return GOT_LIE;
		room = al_buf_reserve(&c->in, want);
		if (room == NULL)
			return GOT_NO_MEMORY;
		n = recv(c->proc.sock, room, want, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return GOT_MORE;
		if (n <= 0)
			return GOT_END;
		al_buf_commit(&c->in, (size_t)n);
	}
	return GOT_ANSWER;
}

static bool
put_out(struct al_child *c)
{
	ssize_t n;

	while (al_buf_len(&c->out) > 0) {
		n = send(c->proc.sock, al_buf_head(&c->out),
		    al_buf_len(&c->out), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		al_buf_drain(&c->out, (size_t)n);
	}
	al_buf_trim(&c->out);		/* wipes: there may be a password */
	return true;
}

static void
set_wants(struct al_child *c)
{
	al_watch_set(&c->io, AL_WANT_READ |
	    (al_buf_len(&c->out) > 0 ? AL_WANT_WRITE : 0));
}

static void
lied(struct al_child *c)
{
	(void)al_fail(&c->broken, AL_EPROTO, c->stage, 0,
	    "%s announced a message of %u bytes (at most %zu are allowed)",
	    c->name, al_get_u32(al_buf_head(&c->in)), c->in.max - HEAD);
	fail(c);
}

/* What it says is lost. */
static void
no_memory(struct al_child *c)
{
	(void)al_fail_nomem(&c->broken, c->stage);
	fail(c);
}

static void
on_io(void *arg, unsigned ready)
{
	struct al_child *c = arg;
	bool hears = put_out(c);
	enum got got = GOT_MORE;

	/* what it said before it closed its end still counts */
	if ((ready & AL_WANT_READ) || !hears)
		got = take_in(c);
	if (got == GOT_MORE && !hears)
		got = GOT_END;
	switch (got) {
	case GOT_ANSWER:
		answer(c);
		break;
	case GOT_LIE:
		lied(c);
		break;
	case GOT_NO_MEMORY:
		no_memory(c);
		break;
	case GOT_END:			/* died knows how it ended */
		c->closed = true;
		al_watch_set(&c->io, 0);
		kill_it(c);
		break;
	case GOT_MORE:
		set_wants(c);
		break;
	}
}

static void
on_deadline(void *arg)
{
	struct al_child *c = arg;

	(void)al_fail(&c->broken, AL_ETIMEOUT, c->stage, ETIMEDOUT,
	    "%s did not answer within %u ms", c->name, c->deadline_ms);
	fail(c);
}

/* --- its end -------------------------------------------------------------- */

/* ": the last words", or nothing; out is as large as the sentence allows. */
static void
last_words(const struct al_child *c, char *out, size_t cap)
{
	uint8_t said[200];
	ssize_t n = read(c->proc.err, said, sizeof(said));

	out[0] = '\0';
	if (n > 0) {
		(void)snprintf(out, cap, ": ");
		(void)al_str_clean(out + 2, cap - 2, said, (size_t)n);
	}
}

static void
describe_end(struct al_child *c, int status)
{
	char words[220];

	last_words(c, words, sizeof(words));
	if (c->closed && status >= 0 && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGKILL)
		(void)al_fail(&c->broken, AL_EOF, c->stage, 0,
		    "%s closed its end without an answer%s", c->name, words);
	else if (status >= 0 && WIFSIGNALED(status))
		(void)al_fail(&c->broken, AL_EOF, c->stage, 0,
		    "%s was killed by signal %d%s", c->name,
		    WTERMSIG(status), words);
	else if (status > 0)
		(void)al_fail(&c->broken, AL_EOF, c->stage, 0,
		    "%s ended with status %d%s", c->name,
		    WEXITSTATUS(status), words);
	else
		(void)al_fail(&c->broken, AL_EOF, c->stage, 0,
		    "%s ended%s", c->name, words);
}

static void
died(struct al_child *c, int status)
{
	enum got got = GOT_END;

	if (c->freed) {
		al_loop_release(&c->leftover);
		destroy(c);
		return;
	}
	if (c->broken.code != AL_OK)
		return;
	describe_end(c, status);
	/* it may have answered and gone */
	if (c->on_child != NULL && !c->closed)
		got = take_in(c);
	if (got == GOT_ANSWER)
		answer(c);
	else if (got == GOT_NO_MEMORY)
		no_memory(c);
	else
		fail(c);
}

static void
on_death(void *arg, unsigned ready)
{
	struct al_child *c = arg;
	int status;

	(void)ready;
	if (!al_proc_reap(&c->proc, &status))
		return;			/* and comes again */
	al_watch_fini(&c->death);
	died(c, status);
}

/* It was killed, so this is not for long. */
static void
on_look(void *arg)
{
	struct al_child *c = arg;
	int status;

	if (al_proc_reap(&c->proc, &status))
		died(c, status);
	else
		al_timer_set(&c->look, LOOK_MS);
}

/* al_loop_free does not wait for that. */
static void
destroy_leftover(void *p)
{
	destroy(p);
}

/* --- for the caller ------------------------------------------------------- */

static enum al_code
watch(struct al_child *c, struct al_err *err)
{
	if (al_watch_init(&c->io, c->loop, c->proc.sock, on_io, c, err) !=
	    AL_OK ||
	    al_timer_init(&c->timer, c->loop, on_deadline, c, err) != AL_OK ||
	    al_timer_init(&c->look, c->loop, on_look, c, err) != AL_OK)
		return err->code;
	if (c->proc.pidfd < 0)
		return AL_OK;
	if (al_watch_init(&c->death, c->loop, c->proc.pidfd, on_death, c,
	    err) != AL_OK)
		return err->code;
	al_watch_set(&c->death, AL_WANT_READ);
	return AL_OK;
}

struct al_child *
al_child_start(struct al_loop *loop, const struct al_child_opts *opts,
    struct al_err *err)
{
	const char *const only_name[] = { opts->name, NULL };
	const struct al_spawn_opts spawn = {
		.path = opts->path,
		.argv = opts->argv != NULL ? opts->argv : only_name,
		.env = opts->env,
		.stage = opts->stage,
	};
	size_t max = opts->msg_max > 0 ? opts->msg_max : MSG_MAX_DEFAULT;
	struct al_child *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)al_fail_nomem(err, opts->stage);
		return NULL;
	}
	c->loop = loop;
	c->stage = opts->stage;
	c->proc = (struct al_proc){ 0, -1, -1, -1 };
	(void)snprintf(c->name, sizeof(c->name), "%s", opts->name);
	al_buf_init(&c->in, HEAD + max);
	al_buf_init(&c->out, HEAD + max);
	if (al_proc_start(&c->proc, &spawn, err) == AL_OK &&
	    watch(c, err) == AL_OK)
		return c;
	destroy(c);
	return NULL;
}

/* What it said without being asked would pass for the next answer. */
static enum al_code
is_quiet(struct al_child *c)
{
	uint8_t byte;

	if (recv(c->proc.sock, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
		return AL_OK;
	kill_it(c);
	return al_fail(&c->broken, AL_EPROTO, c->stage, 0,
	    "%s spoke without being asked", c->name);
}

enum al_code
al_child_ask(struct al_child *c, const void *msg, size_t len,
    unsigned deadline_ms, al_on_child *on_child, void *arg, struct al_err *err)
{
	uint8_t *room;

	if (c->on_child != NULL)
		return al_fail(err, AL_EUSAGE, c->stage, 0,
		    "%s is asked one question at a time", c->name);
	if (c->broken.code != AL_OK || is_quiet(c) != AL_OK) {
		*err = c->broken;
		return err->code;
	}
	if (len > c->out.max - HEAD)
		return al_fail(err, AL_ELIMIT, c->stage, 0,
		    "%s takes at most %zu bytes, not %zu", c->name,
		    c->out.max - HEAD, len);
	room = al_buf_reserve(&c->out, HEAD + len);
	if (room == NULL)
		return al_fail_nomem(err, c->stage);
	al_put_u32(room, (uint32_t)len);
	if (len > 0)
		memcpy(room + HEAD, msg, len);
	al_buf_commit(&c->out, HEAD + len);
	c->on_child = on_child;
	c->arg = arg;
	c->deadline_ms = deadline_ms;
	al_timer_set(&c->timer, deadline_ms);
	set_wants(c);
	return AL_OK;
}

pid_t
al_child_pid(const struct al_child *c)
{
	return c->proc.pid;
}

void
al_child_free(struct al_child *c)
{
	if (c == NULL)
		return;
	if (c->proc.pid == 0) {		/* reaped already */
		destroy(c);
		return;
	}
	kill_it(c);
	c->freed = true;
	c->on_child = NULL;
	al_watch_fini(&c->io);
	al_timer_fini(&c->timer);
	al_buf_fini(&c->in);		/* secrets don't wait for the end */
	al_buf_fini(&c->out);
	al_loop_adopt(c->loop, &c->leftover, c, destroy_leftover);
}
