/* tests/unit/test_stream.c - handshakes over a bad network, fds, joins. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/stream/fdpair.h"
#include "connector/stream/handshake.h"
#include "connector/stream/join.h"
#include "connector/stream/pair.h"
#include "connector/stream/tcp.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static struct al_err err;

/* --- a machine: says "ask", then obeys one word a line -------------------- */
static int machines;

static enum al_hs
toy_step(void *m, struct al_buf *in, struct al_buf *out, struct al_err *e)
{
	static const struct { const char *word; enum al_hs r; } words[] = {
		{ "ok\n", AL_HS_DONE }, { "no\n", AL_HS_FAIL },
		{ "redial\n", AL_HS_REDIAL }, { "need\n", AL_HS_NEED },
		{ "more\n", AL_HS_MORE },
	};
	int *asked = m;
	size_t i, n;

	if (!*asked) {
		*asked = 1;
		assert_int_equal(al_buf_puts(out, "ask\n"), AL_OK);
	}
	for (i = 0; i < N(words); i++) {
		n = strlen(words[i].word);
		if (al_buf_len(in) < n ||
		    memcmp(al_buf_head(in), words[i].word, n) != 0)
			continue;
		al_buf_drain(in, n);
		if (words[i].r == AL_HS_FAIL)
			(void)al_fail_as(e, AL_EREFUSED, AL_AT_PROXY, 403, 0,
			    "it said no");
		if (words[i].r != AL_HS_MORE)
			return words[i].r;
		assert_int_equal(al_buf_puts(out, "again\n"), AL_OK);
		i = (size_t)-1;			/* the next word */
	}
	return AL_HS_MORE;
}

static enum al_hs
toy_eof(void *m, struct al_buf *in, struct al_err *e)
{
	(void)m;
	(void)al_fail_as(e, AL_EPROTO, AL_AT_PROXY, al_buf_len(in) > 0 ? 1 : 0,
	    0, "cut after %zu bytes", al_buf_len(in));
	return AL_HS_FAIL;
}

static void
toy_free(void *m)
{
	free(m);
	machines--;
}

static const struct al_hs_ops toy_ops = { "toy", toy_step, toy_eof, toy_free };
static const struct al_hs_ops deaf_ops = { "deaf", toy_step, NULL, toy_free };

static struct al_machine
toy(const struct al_hs_ops *ops)
{
	machines++;
	return (struct al_machine){ ops, calloc(1, sizeof(int)) };
}

/* The other end: says its words, then ends; hears what comes. */
struct peer {
	struct al_stream	*s;
	const char		*says;
	char			 heard[64];
};

static void
peer_turn(struct peer *p)
{
	size_t len = strlen(p->heard), n;
	struct al_err ignored;

	if (al_stream_read(p->s, p->heard + len, 63 - len, &n, &ignored) ==
	    AL_OK)
		p->heard[len + n] = '\0';
	if (*p->says == '\0')
		(void)al_stream_shut(p->s, &ignored);
	else if (al_stream_write(p->s, p->says, strlen(p->says), &n,
	    &ignored) == AL_OK)
		p->says += n;
}

/* Both ends in turn, until open says something else than AGAIN. */
static enum al_code
converse(struct al_stream *s, struct peer *p)
{
	enum al_code code = AL_AGAIN;
	int i;

	for (i = 0; i < 100000 && code == AL_AGAIN &&
	    !al_handshake_needs_token(s); i++) {
		code = al_stream_open(s, &err);
		peer_turn(p);
	}
	for (i = 0; i < 200; i++)
		peer_turn(p);
	return code;
}

static const struct row {
	const char	*name, *says;
	enum al_code	 code;
	const char	*heard, *left, *text;
} rows[] = {
	{ "done", "ok\n", AL_OK, "ask\n", "", NULL },
	{ "early data", "ok\nSSH-2.0\r\n", AL_OK, "ask\n", "SSH-2.0\r\n",
	    NULL },
	{ "legs", "more\nmore\nok\nx", AL_OK, "ask\nagain\nagain\n", "x",
	    NULL },
	{ "refused", "no\n", AL_EREFUSED, "ask\n", NULL, "it said no" },
	{ "redial", "redial\n", AL_EREFUSED, "ask\n", NULL, NULL },
	{ "need", "need\n", AL_AGAIN, "ask\n", NULL, NULL },
	{ "cut", "o", AL_EPROTO, "ask\n", NULL, "cut after 1 bytes" },
	{ "cut at once", "", AL_EPROTO, "ask\n", NULL, "cut after 0 bytes" },
};

static void
read_rest(struct al_stream *s, struct peer *p, const char *left)
{
	char got[64];
	size_t n, len = 0;
	enum al_code code;

	do {
		peer_turn(p);
		code = al_stream_read(s, got + len, 3, &n, &err);
		if (code == AL_OK)
			len += n;
	} while (code == AL_OK || code == AL_AGAIN);
	assert_int_equal(code, AL_EOF);
	assert_int_equal(len, strlen(left));
	assert_memory_equal(got, left, len);
}

static void
run_row(const struct row *r, const struct al_pair_opts *o)
{
	struct al_stream *ends[2], *s;
	struct peer peer = { .says = r->says };
	enum al_code code;

	assert_int_equal(al_pair_new(ends, o, &err), AL_OK);
	s = al_handshake_new(ends[0], toy(&toy_ops), AL_AT_PROXY, &err);
	assert_non_null(s);
	assert_non_null(al_handshake_machine(s));
	peer.s = ends[1];
	code = converse(s, &peer);
	if (o->reset_at > 0) {
		/* cut anywhere: an error of ours, or the row's own end */
		if (code != AL_OK && code != AL_AGAIN &&
		    strcmp(r->name, "refused") != 0)
			assert_int_equal(err.stage, AL_AT_PROXY);
	} else {
		assert_int_equal(code, r->code);
		assert_string_equal(peer.heard, r->heard);
		if (r->text != NULL)
			assert_string_equal(err.text, r->text);
		assert_int_equal(al_handshake_wants_redial(s),
		    strcmp(r->name, "redial") == 0);
		if (code == AL_OK) {
			assert_int_equal(al_stream_open(s, &err), AL_OK);
			al_handshake_release(s);
			assert_null(al_handshake_machine(s));
			assert_int_equal(machines, 0);
			read_rest(s, &peer, r->left);
		}
	}
	al_stream_free(s);
	al_stream_free(ends[1]);
	assert_int_equal(machines, 0);
}

static void
handshakes(void **state)
{
	const struct row *r;
	struct al_pair_opts o;
	size_t chunk;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		for (chunk = 1; chunk < 24; chunk++) {
			o = (struct al_pair_opts){ .read_max = chunk };
			run_row(r, &o);
			o.again_percent = 60;
			o.seed = chunk;
			run_row(r, &o);
			o.buf_max = chunk;
			run_row(r, &o);
			o.reset_at = chunk;
			run_row(r, &o);
		}
	}
}

/* No eof in the machine, too much input, a deadline. */
static void
driver_errors(void **state)
{
	struct al_stream *ends[2], *s;
	static char flood[400 * 1024];
	struct peer peer = { .says = "" };
	size_t n;

	(void)state;
	assert_int_equal(al_pair_new(ends, NULL, &err), AL_OK);
	s = al_handshake_new(ends[0], toy(&deaf_ops), AL_AT_WS, &err);
	peer.s = ends[1];
	assert_int_equal(converse(s, &peer), AL_EPROTO);
	assert_int_equal(err.stage, AL_AT_WS);
	assert_string_equal(err.text,
	    "the peer closed the connection during deaf");
	al_stream_free(s);
	al_stream_free(ends[1]);

	memset(flood, 'x', sizeof(flood));
	assert_int_equal(al_pair_new(ends, &(struct al_pair_opts){
	    .buf_max = sizeof(flood) }, &err), AL_OK);
	s = al_handshake_new(ends[0], toy(&toy_ops), AL_AT_PROXY, &err);
	assert_int_equal(al_stream_open(s, &err), AL_AGAIN);
	assert_int_equal(al_stream_want(s), AL_WANT_READ);
	assert_int_equal(al_handshake_expired(s, 70, &err), AL_ETIMEOUT);
	assert_string_equal(err.text, "no answer during toy within 70 ms");
	assert_int_equal(al_stream_write(ends[1], "n", 1, &n, &err), AL_OK);
	assert_int_equal(al_stream_open(s, &err), AL_AGAIN);
	/* what the machine makes of it has a status: that is the reason */
	assert_int_equal(al_handshake_expired(s, 70, &err), AL_EPROTO);
	assert_int_equal(al_stream_write(ends[1], flood, sizeof(flood), &n,
	    &err), AL_OK);
	assert_int_equal(al_stream_open(s, &err), AL_ELIMIT);
	al_stream_free(s);
	al_stream_free(ends[1]);

	/* a reset alone, and behind a part of an answer, which counts */
	assert_int_equal(al_pair_new(ends, &(struct al_pair_opts){
	    .reset_at = 4 }, &err), AL_OK);
	s = al_handshake_new(ends[0], toy(&toy_ops), AL_AT_PROXY, &err);
	assert_int_equal(al_stream_open(s, &err), AL_ENET);
	assert_int_equal(err.stage, AL_AT_PROXY);
	assert_string_equal(err.text,
	    "during toy: connection reset by the peer");
	al_stream_free(s);
	al_stream_free(ends[1]);
	assert_int_equal(al_pair_new(ends, &(struct al_pair_opts){
	    .reset_at = 6 }, &err), AL_OK);
	s = al_handshake_new(ends[0], toy(&toy_ops), AL_AT_PROXY, &err);
	assert_int_equal(al_stream_open(s, &err), AL_AGAIN);
	assert_int_equal(al_stream_write(ends[1], "n", 1, &n, &err), AL_OK);
	assert_int_equal(al_stream_open(s, &err), AL_AGAIN);
	assert_int_equal(al_stream_write(ends[1], "o", 1, &n, &err), AL_OK);
	assert_int_equal(al_stream_open(s, &err), AL_EPROTO);
	assert_string_equal(err.text, "cut after 1 bytes");
	al_stream_free(s);
	al_stream_free(ends[1]);

	/* blocked in writing: what is there to read must not wake us */
	assert_int_equal(al_pair_new(ends, &(struct al_pair_opts){
	    .buf_max = 2 }, &err), AL_OK);
	s = al_handshake_new(ends[0], toy(&toy_ops), AL_AT_PROXY, &err);
	assert_int_equal(al_stream_open(s, &err), AL_AGAIN);
	assert_int_equal(al_stream_want(s), AL_WANT_WRITE);
	al_stream_free(s);
	al_stream_free(ends[1]);
	assert_int_equal(machines, 0);
}

/* --- sockets and fds on a loop -------------------------------------------- */
static struct event_base *base;
static struct al_loop *loop;
static int joined;
static struct al_join_count joined_count;
static enum al_code joined_code;

static int
setup(void **state)
{
	(void)state;
	base = event_base_new();
	loop = al_loop_new(base, &err);
	joined = 0;
	return loop != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	al_loop_free(loop);
	event_base_free(base);
	return 0;
}

static void
on_join(void *arg, const struct al_join_count *count, const struct al_err *e)
{
	assert_ptr_equal(arg, &joined);
	joined++;
	joined_count = *count;
	joined_code = e != NULL ? e->code : AL_OK;
}

static void
until(const int *flag)
{
	while (!*flag)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
turns(int n)
{
	while (n-- > 0)
		(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* A TCP connection over loopback: a stream and an ordinary socket. */
static struct al_stream *
tcp_to(int *peer)
{
	struct al_addr a;
	socklen_t len = sizeof(a.u);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

	assert_true(al_addr_parse_ip(&a, "127.0.0.1", 0));
	assert_int_equal(bind(listener, &a.u.sa, a.len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, &a.u.sa, &len), 0);
	assert_int_equal(al_tcp_connect(&a, &fd, &err), AL_OK);
	*peer = accept(listener, NULL, NULL);
	assert_true(*peer >= 0);
	(void)fcntl(*peer, F_SETFL, O_NONBLOCK);
	(void)close(listener);
	assert_int_equal(al_tcp_connected(fd, &err), AL_OK);
	return al_tcp_new(fd, &err);
}

static void
tcp(void **state)
{
	struct al_stream *s;
	struct al_addr a;
	socklen_t len = sizeof(a.u);
	char buf[16];
	static char big[1 << 20];
	int peer, fd, code, set;
	size_t n;

	(void)state;
	s = tcp_to(&peer);
	al_tcp_set_link(s, 65536, 1000);
	len = sizeof(set);
	assert_int_equal(getsockopt(al_stream_fd(s), IPPROTO_TCP,
	    TCP_USER_TIMEOUT, &set, &len), 0);
	assert_int_equal(set, 1000);
	len = sizeof(a.u);
	assert_int_equal(al_stream_open(s, &err), AL_OK);
	assert_int_equal(al_stream_read(s, buf, sizeof(buf), &n, &err),
	    AL_AGAIN);
	assert_int_equal(al_stream_want(s), 0);
	while (al_stream_write(s, big, sizeof(big), &n, &err) == AL_OK)
		;
	assert_int_equal(al_stream_want(s), AL_WANT_WRITE);
	assert_int_equal(al_stream_shut(s, &err), AL_OK);
	assert_int_equal(write(peer, "bye", 3), 3);
	(void)shutdown(peer, SHUT_WR);
	assert_int_equal(al_stream_read(s, buf, sizeof(buf), &n, &err),
	    AL_OK);
	assert_int_equal(n, 3);
	/* that was all: AGAIN without a look, once */
	assert_int_equal(al_stream_read(s, buf, sizeof(buf), &n, &err),
	    AL_AGAIN);
	assert_int_equal(al_stream_read(s, buf, sizeof(buf), &n, &err),
	    AL_EOF);
	al_stream_free(s);
	(void)close(peer);

	/* abort is seen as a reset, and a reset is said */
	s = tcp_to(&peer);
	al_stream_abort(s);
	al_stream_free(s);
	assert_int_equal(read(peer, buf, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	(void)close(peer);
	s = tcp_to(&peer);
	assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER,
	    &(struct linger){ 1, 0 }, sizeof(struct linger)), 0);
	(void)close(peer);
	assert_int_equal(al_stream_read(s, buf, 1, &n, &err), AL_ENET);
	assert_int_equal(err.sys, ECONNRESET);
	assert_int_equal(err.stage, AL_AT_TCP);
	assert_int_equal(al_stream_write(s, buf, 1, &n, &err), AL_ENET);
	al_stream_free(s);

	/* nobody listens */
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(al_addr_parse_ip(&a, "127.0.0.1", 0));
	assert_int_equal(bind(fd, &a.u.sa, a.len), 0);
	assert_int_equal(getsockname(fd, &a.u.sa, &len), 0);
	(void)close(fd);
	code = (int)al_tcp_connect(&a, &fd, &err);
	while (code == AL_AGAIN)
		code = (int)al_tcp_connected(fd, &err);
	if (fd >= 0)
		(void)close(fd);
	assert_int_equal(err.code, AL_ENET);
	assert_string_equal(err.text, "connection refused");
}

#define MEG	(1u << 20)

/* Writes len bytes and reads until EOF; both fds non-blocking, on the loop. */
struct talker {
	int		in, out, done;	/* out: a dup, for a watch of its own */
	size_t		to_send, got;
	uint32_t	sum;
	struct al_watch	r, w;
};

static void
talk(void *arg, unsigned ready)
{
	struct talker *t = arg;
	static uint8_t buf[70000];
	ssize_t n;
	size_t i, len;

	if (ready & AL_WANT_READ) {
		n = read(t->in, buf, 30000);
		for (i = 0; n > 0 && i < (size_t)n; i++)
			t->sum = t->sum * 31 + buf[i];
		t->got += n > 0 ? (size_t)n : 0;
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			t->done = 1;
			al_watch_set(&t->r, 0);
		}
		return;
	}
	len = t->to_send < sizeof(buf) ? t->to_send : sizeof(buf);
	for (i = 0; i < len; i++)
		buf[i] = (uint8_t)((t->to_send - i) * 7);
	n = write(t->out, buf, len);
	t->to_send -= n > 0 ? (size_t)n : 0;
	if (t->to_send == 0 || (n < 0 && errno != EAGAIN)) {
		al_watch_fini(&t->w);
		(void)shutdown(t->out, SHUT_WR);	/* if it is a socket */
		(void)close(t->out);
	}
}

static void
talker_init(struct talker *t, int in, int out, size_t to_send)
{
	*t = (struct talker){ .in = in, .out = dup(out), .to_send = to_send };
	if (out != in)
		(void)close(out);
	(void)fcntl(in, F_SETFL, O_NONBLOCK);
	(void)fcntl(t->out, F_SETFL, O_NONBLOCK);
	assert_int_equal(al_watch_init(&t->r, loop, in, talk, t, &err), AL_OK);
	assert_int_equal(al_watch_init(&t->w, loop, t->out, talk, t, &err),
	    AL_OK);
	al_watch_set(&t->r, AL_WANT_READ);
	al_watch_set(&t->w, AL_WANT_WRITE);
}

static void
talker_fini(struct talker *t)
{
	al_watch_fini(&t->r);
	al_watch_fini(&t->w);
	(void)close(t->in);
}

static uint32_t
sum_of(size_t len)
{
	uint32_t sum = 0;

	for (; len > 0; len--)
		sum = sum * 31 + (uint8_t)(len * 7);
	return sum;
}

/* A socket joined to a pair of pipes, as -W does: bytes, ends, half-close. */
static void
join_both_ways(void **state)
{
	static const size_t sizes[][2] = {
		{ 0, 0 }, { 1, 0 }, { 0, 1 }, { 3 * MEG, 5 }, { 5, 3 * MEG },
		{ 2 * MEG + 1, 3 * MEG + 3 },
	};
	struct talker t[2];
	struct al_stream *s, *f;
	int peer, in[2], out[2];
	size_t i;

	(void)state;
	for (i = 0; i < N(sizes); i++) {
		joined = 0;
		s = tcp_to(&peer);
		assert_int_equal(pipe(in), 0);
		assert_int_equal(pipe(out), 0);
		f = al_fdpair_new(in[0], out[1], &err);
		assert_non_null(f);
		assert_non_null(al_join_start(loop, s, f, on_join, &joined,
		    &err));
		talker_init(&t[0], peer, peer, sizes[i][0]);
		talker_init(&t[1], out[0], in[1], sizes[i][1]);
		until(&t[0].done);
		until(&t[1].done);
		until(&joined);
		assert_int_equal(joined_code, AL_OK);
		assert_int_equal(joined_count.there, sizes[i][0]);
		assert_int_equal(joined_count.back, sizes[i][1]);
		assert_int_equal(t[1].got, sizes[i][0]);
		assert_int_equal(t[1].sum, sum_of(sizes[i][0]));
		assert_int_equal(t[0].got, sizes[i][1]);
		assert_int_equal(t[0].sum, sum_of(sizes[i][1]));
		talker_fini(&t[0]);
		talker_fini(&t[1]);
		turns(3);
		assert_int_equal(joined, 1);
	}
}

/* A reset on one side is a reset on the other. */
static void
join_reset(void **state)
{
	struct al_stream *a, *b;
	int peer_a, peer_b;
	char c;

	(void)state;
	a = tcp_to(&peer_a);
	b = tcp_to(&peer_b);
	assert_non_null(al_join_start(loop, a, b, on_join, &joined, &err));
	turns(2);
	assert_int_equal(joined, 0);
	assert_int_equal(setsockopt(peer_a, SOL_SOCKET, SO_LINGER,
	    &(struct linger){ 1, 0 }, sizeof(struct linger)), 0);
	(void)close(peer_a);
	until(&joined);
	assert_int_equal(joined_code, AL_ENET);
	assert_int_equal(read(peer_b, &c, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	(void)close(peer_b);
}

static void
join_cancel(void **state)
{
	struct al_stream *a, *b;
	struct al_join *j;
	int peer_a, peer_b, i;

	(void)state;
	for (i = 0; i < 4; i++) {
		a = tcp_to(&peer_a);
		b = tcp_to(&peer_b);
		j = al_join_start(loop, a, b, on_join, &joined, &err);
		assert_non_null(j);
		assert_int_equal(write(peer_a, "x", 1), 1);
		turns(i);
		al_join_cancel(j);
		turns(2);
		assert_int_equal(joined, 0);
		(void)close(peer_a);
		(void)close(peer_b);
	}
	/* streams without fds can't be watched, and are freed */
	{
		struct al_stream *ends[2], *more[2];

		assert_int_equal(al_pair_new(ends, NULL, &err), AL_OK);
		assert_int_equal(al_pair_new(more, NULL, &err), AL_OK);
		assert_null(al_join_start(loop, ends[0], more[0], on_join,
		    NULL, &err));
		assert_int_equal(err.code, AL_EUSAGE);
		al_stream_free(ends[1]);
		al_stream_free(more[1]);
	}
	al_join_cancel(NULL);
}

/* stdin is /dev/null, stdout a file: neither can be watched by epoll. */
static void
join_files(void **state)
{
	struct al_stream *s, *f;
	FILE *file = tmpfile();
	char got[16] = "";
	int peer, fd;

	(void)state;
	assert_non_null(file);
	fd = dup(fileno(file));
	s = tcp_to(&peer);
	f = al_fdpair_new(open("/dev/null", O_RDONLY), fd, &err);
	assert_non_null(f);
	assert_non_null(al_join_start(loop, s, f, on_join, &joined, &err));
	assert_int_equal(write(peer, "hello", 5), 5);
	(void)shutdown(peer, SHUT_WR);
	until(&joined);
	assert_int_equal(joined_code, AL_OK);
	assert_int_equal(joined_count.there, 5);
	rewind(file);
	assert_int_equal(fread(got, 1, sizeof(got), file), 5);
	assert_string_equal(got, "hello");
	assert_int_equal(read(peer, got, 1), 0);
	(void)fclose(file);
	(void)close(peer);
	assert_null(al_fdpair_new(-1, -1, &err));
	assert_int_equal(err.sys, EBADF);
}

/* Other users of the same terminal or pipe find it as it was. */
static void
fdpair_restores(void **state)
{
	struct al_stream *f;
	int in[2], out[2], in2, out2;

	(void)state;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	in2 = dup(in[0]);
	out2 = dup(out[1]);
	f = al_fdpair_new(in[0], out[1], &err);
	assert_non_null(f);
	assert_true(fcntl(in2, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(out2, F_GETFL) & O_NONBLOCK);
	assert_int_equal(al_stream_fd(f), in[0]);
	assert_int_equal(al_stream_write_fd(f), out[1]);
	assert_int_equal(al_stream_shut(f, &err), AL_OK);
	assert_false(fcntl(out2, F_GETFL) & O_NONBLOCK);
	al_stream_free(f);
	assert_false(fcntl(in2, F_GETFL) & O_NONBLOCK);
	(void)close(in[1]);
	(void)close(out[0]);
	(void)close(in2);
	(void)close(out2);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshakes),
		cmocka_unit_test(driver_errors),
		T(tcp), T(join_both_ways), T(join_reset), T(join_cancel),
		T(join_files), T(fdpair_restores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
