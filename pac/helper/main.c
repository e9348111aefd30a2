/* pac/helper/main.c - a PAC helper: one script, then questions about it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "connector/base/addr.h"
#include "connector/base/reader.h"
#include "connector/helper/serve.h"
#include "pac/helper/engine.h"
#include "pac/helper/locate.h"
#include "pac/helper/question.h"
#include "pac/helper/sandbox.h"
#include "pac/helper/text.h"

#define EX_USAGE	64	/* not started by our library        */
#define EX_SOFTWARE	70	/* no engine, no sandbox             */
#define EX_PROTOCOL	76	/* not a question, or not this one   */
#define CPU_SECONDS	10	/* of a question; the parent has less */
#define ALERT_HEAD	5
#define CUT		" [cut]"

/* The script is kept: errors quote it.  Unused pages cost nothing. */
static uint8_t script[AL_PAC_QUESTION_MAX], question[QUESTION_MAX];
static uint8_t reply[AL_PAC_ANSWER_MAX];
static struct result result;

struct talk {
	int		 fd;
	int64_t		 clock_ms;	/* of this question           */
	bool		 host_clock;	/* Date asks us               */
	size_t		 alerts;	/* bytes since the question   */
	struct al_writer out;		/* the next answer            */
	const char	*text;		/* of the script              */
	size_t		 len;
};

static void
complain(const char *text)
{
	(void)!write(2, text, strlen(text));
}

/* --- answers --------------------------------------------------------- */
static void
put_head(struct talk *t, enum al_pac_kind kind, size_t len)
{
	al_write_u8(&t->out, (uint8_t)kind);
	al_write_u32(&t->out, (uint32_t)len);
}

static void
put(struct talk *t, enum al_pac_kind kind, const void *p, size_t len)
{
	put_head(t, kind, len);
	al_write_bytes(&t->out, p, len);
}

static bool
send_reply(struct talk *t)
{
	size_t len = t->out.len;

	t->out = al_writer(reply, sizeof(reply));
	return al_serve_write(t->fd, reply, len);
}

static void
put_fault(struct talk *t, const struct fault *f)
{
	const char *text;
	size_t len = locate_text(t->text, t->len, f->line, f->column,
	    AL_PAC_TEXT_MAX, &text);

	put_head(t, AL_PAC_FAILED, 1 + 4 + 4 + 2 + f->len + len);
	al_write_u8(&t->out, (uint8_t)f->stage);
	al_write_u32(&t->out, f->line);
	al_write_u32(&t->out, f->column);
	al_write_u16(&t->out, (uint16_t)f->len);
	al_write_bytes(&t->out, f->message, f->len);
	al_write_bytes(&t->out, text, len);
}

/* --- what the script's functions want -------------------------------- */
static int64_t
on_clock(void *arg)
{
	const struct talk *t = arg;
	struct timespec now;

	if (t->clock_ms != AL_PAC_REAL_TIME)
		return t->clock_ms;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
on_alert(void *arg, const char *text, size_t len)
{
	struct talk *t = arg;
	size_t room;

	if (t->alerts >= AL_PAC_ALERTS_MAX)
		return;
	room = AL_PAC_ALERTS_MAX - t->alerts;
	if (ALERT_HEAD + len <= room) {
		put(t, AL_PAC_ALERT, text, len);
		t->alerts += ALERT_HEAD + len;
		return;
	}
	/* the last one: so much of it, and that there would be more */
	len = room > ALERT_HEAD ? text_cut(text, len, room - ALERT_HEAD) : 0;
	put_head(t, AL_PAC_ALERT, len + sizeof(CUT) - 1);
	al_write_bytes(&t->out, text, len);
	al_write_bytes(&t->out, CUT, sizeof(CUT) - 1);
	t->alerts = AL_PAC_ALERTS_MAX;
}

/* Waits for the parent, whose deadline it is. */
static size_t
on_lookup(void *arg, enum al_pac_what what, const char *name,
    struct al_script_ip out[AL_PAC_ADDRS_MAX])
{
	struct talk *t = arg;
	struct question q;
	size_t len = strlen(name);

	if (len > AL_HOST_MAX)
		return 0;
	put_head(t, AL_PAC_LOOKUP, 1 + len);
	al_write_u8(&t->out, (uint8_t)what);
	al_write_bytes(&t->out, name, len);
	if (!send_reply(t) ||
	    !al_serve_read(t->fd, question, sizeof(question), &len))
		_exit(0);
	if (!question_decode(&q, question, len) || q.ask != AL_PAC_ADDRS)
		_exit(EX_PROTOCOL);
	memcpy(out, q.addrs, q.n_addrs * sizeof(out[0]));
	return q.n_addrs;
}

/* --- questions ------------------------------------------------------- */
static void
begin(struct talk *t, const struct question *q)
{
	sandbox_cpu(CPU_SECONDS);
	t->clock_ms = q->clock_ms;
	t->alerts = 0;
	if (q->clock_ms != AL_PAC_REAL_TIME && !t->host_clock)
		t->host_clock = engine_use_host_clock();
}

static bool
load(struct talk *t, const struct question *q)
{
	struct fault f;
	const char *name = engine_name();

	t->text = q->script;
	t->len = q->script_len;
	begin(t, q);
	if (engine_load(q->script, q->script_len, &f))
		put(t, AL_PAC_LOADED, name, strlen(name));
	else
		put_fault(t, &f);
	return send_reply(t);
}

static bool
find(struct talk *t, const struct question *q)
{
	struct fault f;

	begin(t, q);
	if (engine_find(q->url, q->url_len, q->host, q->host_len, &result, &f))
		put(t, AL_PAC_RESULT, result.text, result.len);
	else
		put_fault(t, &f);
	return send_reply(t);
}

/* A zone without a name would be looked for again, and the C library and an
 * engine of its own mind look in different ways: give it its name. */
static bool
name_zone(void)
{
	static const char before[] = "/zoneinfo/";
	char link[256];
	const char *name = NULL;
	ssize_t n;

	if (getenv("TZ") != NULL)
		return true;
	n = readlink("/etc/localtime", link, sizeof(link) - 1);
	if (n > 0) {
		link[n] = '\0';
		name = strstr(link, before);
	}
	return setenv("TZ", name != NULL ? name + sizeof(before) - 1 :
	    ":/etc/localtime", 1) == 0;
}

/* The zone's file is read now: later there is no opening it. */
static bool
learn_zone(void)
{
	time_t now = time(NULL);

	return name_zone() && localtime(&now) != NULL;
}

static int
talk(struct talk *t)
{
	struct question q;
	size_t len;

	if (!al_serve_read(t->fd, script, sizeof(script), &len))
		return 0;
	if (!question_decode(&q, script, len) || q.ask != AL_PAC_LOAD)
		return EX_PROTOCOL;
	if (!load(t, &q))
		return 0;
	while (al_serve_read(t->fd, question, sizeof(question), &len)) {
		if (!question_decode(&q, question, len) ||
		    q.ask != AL_PAC_EVAL)
			return EX_PROTOCOL;
		if (!find(t, &q))
			return 0;
	}
	return 0;
}

int
main(void)
{
	const struct al_serve_limits limits = { .memory = engine_memory,
	    .files = 64 };
	struct talk t = { .fd = al_serve_begin(&limits),
	    .out = al_writer(reply, sizeof(reply)) };
	const struct al_script_host host = { .clock_ms = on_clock,
	    .lookup = on_lookup, .alert = on_alert, .arg = &t };

	if (t.fd < 0)
		return EX_USAGE;
	if (!learn_zone() || !engine_start(&host)) {
		complain("the JavaScript engine does not start\n");
		return EX_SOFTWARE;
	}
	if (!sandbox_lock(engine_sandbox)) {
		complain("no sandbox: this system's kernel has no seccomp\n");
		return EX_SOFTWARE;
	}
	_exit(talk(&t));
}
