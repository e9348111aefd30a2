/* tests/unit/test_seal.c - the layer that wraps, with a helper that plays: it
 * wraps x as "\3\1x" and unwraps y to "\4y". */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector/stream/seal.h"
#include "connector/stream/tcp.h"
#include "tests/lib/guard.h"
#include "tests/lib/helper.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static struct al_stream *s;
static int peer;
static bool started;

static void
on_start(void *arg, const struct al_gss_result *r)
{
	(void)arg;
	assert_null(r->err);
	started = true;
}

static int
setup(void **state)
{
	const struct al_gss_opts o = { .helper = helper, .target = "x@y" };
	struct al_gss *gss;
	int fds[2];

	gss = loop_setup(state) == 0 ? al_gss_start(loop, &o, on_start, NULL,
	    &err) : NULL;
	if (gss == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK,
	    0, fds) != 0)
		return -1;
	for (started = false; !started; )
		(void)event_base_loop(base, EVLOOP_ONCE);
	peer = fds[1];
	s = al_tcp_new(fds[0], &err);
	if (s != NULL)
		s = al_seal_new(loop, s, gss, AL_GSS_SEAL, &err);
	return s != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	al_stream_free(s);
	if (peer >= 0)
		(void)close(peer);
	return loop_teardown(state);
}

static int
is_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) > 0;
}

/* Let the layer work until the fd is ready. */
static void
wait_for(int fd, short events)
{
	while (!is_ready(fd, events))
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* All that there is to do without the helper. */
static void
settle(void)
{
	for (int i = 0; i < 3; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
peer_says(const void *p, size_t len)
{
	assert_int_equal(send(peer, p, len, MSG_NOSIGNAL), len);
}

static void
peer_hears(const uint8_t *want, size_t len)
{
	uint8_t got[256];
	ssize_t n;

	for (size_t at = 0; at < len; at += (size_t)n) {
		wait_for(peer, POLLIN);
		n = recv(peer, got, len - at, 0);
		assert_true(n > 0);
		assert_memory_equal(got, want + at, (size_t)n);
	}
}

static enum al_code
read_soon(char *p, size_t cap, size_t *n)
{
	wait_for(al_stream_fd(s), POLLIN);
	return al_stream_read(s, p, cap, n, &err);
}

static void
writes(void **state)
{
	size_t n;
	char byte;

	(void)state;
	assert_true(is_ready(al_stream_fd(s), POLLOUT));
	assert_int_equal(al_stream_write(s, "hello", 5, &n, &err), AL_OK);
	assert_int_equal(n, 5);
	/* the helper has not answered: there is no way to be done yet */
	assert_int_equal(al_stream_flush(s, &err), AL_AGAIN);
	assert_int_equal(al_stream_want(s), AL_WANT_WRITE);
	assert_false(is_ready(al_stream_fd(s), POLLOUT));
	wait_for(al_stream_fd(s), POLLOUT);
	assert_int_equal(al_stream_flush(s, &err), AL_OK);
	assert_int_equal(al_stream_want(s), 0);
	peer_hears(B("\1\3\0\7\3\1hello"));
	assert_int_equal(al_stream_read(s, &byte, 1, &n, &err), AL_AGAIN);
	assert_false(is_ready(al_stream_fd(s), POLLIN));
}

/* The end goes out behind all that was written; the other way stays open. */
static void
half_closes(void **state)
{
	char got[8];
	size_t n;

	(void)state;
	assert_int_equal(al_stream_write(s, "bye", 3, &n, &err), AL_OK);
	assert_int_equal(al_stream_shut(s, &err), AL_AGAIN);
	wait_for(al_stream_fd(s), POLLOUT);
	assert_int_equal(al_stream_shut(s, &err), AL_OK);
	peer_hears(B("\1\3\0\5\3\1bye"));
	assert_int_equal(recv(peer, got, sizeof(got), 0), 0);
	peer_says("\1\3\0\2ok", 6);
	assert_int_equal(read_soon(got, sizeof(got), &n), AL_OK);
	assert_int_equal(n, 3);
	assert_memory_equal(got, "\4ok", 3);
}

/* Bounded: what nobody takes is refused at some point, and taken later. */
static void
is_bounded(void **state)
{
	static uint8_t mem[16384];
	size_t in = 0, out = 0, n, frames;
	enum al_code code;
	uint8_t head[4];

	(void)state;
	do {
		while ((code = al_stream_write(s, mem, sizeof(mem), &n,
		    &err)) == AL_OK)
			in += n;
		assert_int_equal(code, AL_AGAIN);
		for (int i = 0; i < 200; i++)
			settle();
		assert_true(in < (4u << 20));
	} while (is_ready(al_stream_fd(s), POLLOUT));
	assert_int_equal(al_stream_want(s), AL_WANT_WRITE);
	assert_int_equal(al_stream_shut(s, &err), AL_AGAIN);
	for (frames = 0; out < in; frames++) {
		size_t len;

		for (n = 0; n < 4; n += (size_t)recv(peer, head + n, 4 - n, 0))
			wait_for(peer, POLLIN);
		len = (size_t)(head[2] << 8 | head[3]);
		out += len - 2;
		for (ssize_t got; len > 0; len -= (size_t)got) {
			wait_for(peer, POLLIN);
			got = recv(peer, mem, len < sizeof(mem) ? len :
			    sizeof(mem), 0);
			assert_true(got > 0);
		}
	}
	assert_int_equal(out, in);
	assert_true(frames > 1);
	wait_for(al_stream_fd(s), POLLOUT);
	assert_int_equal(al_stream_shut(s, &err), AL_OK);
	assert_int_equal(recv(peer, head, 1, 0), 0);
}

/* Two messages and the end, in pieces of every size. */
static void
reads(void **state)
{
	static const char in[] = "\1\3\0\3abc\1\3\0\1d";

	for (size_t chunk = 1; chunk < sizeof(in); chunk++) {
		char got[16];
		size_t n, have = 0;

		if (chunk > 1) {
			assert_int_equal(teardown(state), 0);
			assert_int_equal(setup(state), 0);
		}
		for (size_t at = 0; at < sizeof(in) - 1; at += chunk) {
			if (at + chunk < 7) {
				settle();
				assert_false(is_ready(al_stream_fd(s),
				    POLLIN));
			}
			peer_says(in + at, sizeof(in) - 1 - at < chunk ?
			    sizeof(in) - 1 - at : chunk);
		}
		(void)close(peer);
		peer = -1;
		while (read_soon(got + have, 2, &n) == AL_OK)
			have += n;
		assert_int_equal(have, 6);
		assert_memory_equal(got, "\4abc\4d", 6);
		assert_int_equal(al_stream_read(s, got, 1, &n, &err), AL_EOF);
	}
}

static void
fails(void **state)
{
	static const struct {
		const char	*name;
		const uint8_t	*in;
		size_t		 len;
		enum al_code	 code;
		const char	*text;
	} rows[] = {
		{ "version", B("\5"), AL_EPROTO, "version 5" },
		{ "type", B("\1\2"), AL_EPROTO, "type of message 2" },
		{ "abort", B("\1\xff"), AL_EPROTO, "type of message 255" },
		{ "empty", B("\1\3\0\0"), AL_EPROTO, "length" },
		{ "cut head", B("\1\3\0"), AL_ENET, "middle of a message" },
		{ "cut", B("\1\3\0\2x"), AL_ENET, "middle of a message" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		char got[4];
		size_t n;

		if (i > 0) {
			assert_int_equal(teardown(state), 0);
			assert_int_equal(setup(state), 0);
		}
		peer_says(rows[i].in, rows[i].len);
		(void)shutdown(peer, SHUT_WR);
		assert_int_equal(read_soon(got, sizeof(got), &n),
		    rows[i].code);
		if (strstr(err.text, rows[i].text) == NULL)
			fail_msg("%s: %s", rows[i].name, err.text);
		/* for good, and for both directions */
		assert_true(is_ready(al_stream_fd(s), POLLOUT));
		assert_int_equal(al_stream_write(s, "x", 1, &n, &err),
		    rows[i].code);
		assert_int_equal(al_stream_flush(s, &err), rows[i].code);
		assert_int_equal(al_stream_want(s), 0);
	}
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(writes), T(half_closes), T(is_bounded), T(reads), T(fails),
	};

	helper_find("gss_helper");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
