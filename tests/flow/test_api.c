/* tests/flow/test_api.c - the installed library: dial, read, write, cancel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include <alpacon/session.h>

static struct event_base *base;
static struct alpacon_loop *loop;
static int listener;
static uint16_t port;

struct seen {
	struct alpacon_stream	*s;
	struct alpacon_err	 err;
	int			 calls, broken;
	char			 got[64];
	size_t			 n;
	int			 ended;
};

static int
set_up(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);

	(void)state;
	base = event_base_new();
	loop = alpacon_loop_new(base, NULL);
	assert_non_null(loop);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(listener, 8), 0);
	(void)getsockname(listener, (struct sockaddr *)&a, &len);
	port = ntohs(a.sin_port);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)close(listener);
	alpacon_loop_free(loop);
	event_base_free(base);
	return 0;
}

static void
on_readable(void *arg, struct alpacon_stream *s)
{
	struct seen *w = arg;
	ssize_t n;

	while ((n = alpacon_stream_read(s, w->got + w->n,
	    sizeof(w->got) - w->n)) > 0)
		w->n += (size_t)n;
	if (n < 0)
		return;
	w->ended = 1;
	(void)event_base_loopbreak(base);
}

static void
on_broken(void *arg, struct alpacon_stream *s, const struct alpacon_err *why)
{
	struct seen *w = arg;

	(void)s;
	w->broken++;
	w->err = *why;
	(void)event_base_loopbreak(base);
}

static const struct alpacon_stream_ops ops = {
	.on_readable = on_readable,
	.on_broken = on_broken,
};

static void
on_dial(void *arg, struct alpacon_stream *s, const struct alpacon_err *err)
{
	struct seen *w = arg;

	w->calls++;
	w->s = s;
	if (err != NULL)
		w->err = *err;
	(void)event_base_loopbreak(base);
}

static const char *const direct[] = { "direct", NULL };

static struct alpacon_dial *
dial(struct seen *w, uint16_t to, const char *const *proxies)
{
	struct alpacon_dial_opts o = ALPACON_DIAL_OPTS_INIT;
	struct alpacon_dial *d;

	memset(w, 0, sizeof(*w));
	o.host = "127.0.0.1";
	o.port = to;
	o.proxies.list = proxies;
	d = alpacon_dial_start(loop, &o, on_dial, w, &w->err);
	assert_int_equal(w->calls, 0);	/* never from inside */
	return d;
}

static int
accepted(struct seen *w)
{
	assert_non_null(dial(w, port, direct));
	(void)event_base_dispatch(base);
	assert_int_equal(w->calls, 1);
	assert_non_null(w->s);
	return accept(listener, NULL, NULL);
}

static void
bytes_both_ways_and_half_close(void **state)
{
	struct seen w;
	char buf[16];
	int fd = accepted(&w);

	(void)state;
	assert_int_equal(write(fd, "hello", 5), 5);
	(void)shutdown(fd, SHUT_WR);
	alpacon_stream_set_ops(w.s, &ops, &w);
	assert_int_equal(alpacon_stream_write(w.s, "question", 8), 8);
	alpacon_stream_shut(w.s);
	(void)event_base_dispatch(base);
	assert_int_equal(w.ended, 1);
	assert_string_equal(w.got, "hello");
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(recv(fd, buf, sizeof(buf), MSG_WAITALL), 8);
	assert_memory_equal(buf, "question", 8);
	alpacon_stream_free(w.s);
	(void)close(fd);
}

static void
a_reset_breaks_the_stream(void **state)
{
	const struct linger now = { .l_onoff = 1 };
	struct seen w;
	int fd = accepted(&w);

	(void)state;
	alpacon_stream_set_ops(w.s, &ops, &w);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	(void)close(fd);
	(void)event_base_dispatch(base);
	assert_int_equal(w.broken, 1);
	assert_int_equal(w.err.code, ALPACON_ENET);
	alpacon_stream_free(w.s);
}

static void
failures_have_a_stage_and_a_sentence(void **state)
{
	static const char *const bad[] = { "ftp://x", NULL };
	struct alpacon_session_opts o = ALPACON_SESSION_OPTS_INIT;
	struct seen w;

	(void)state;
	assert_non_null(dial(&w, 1, direct));
	(void)event_base_dispatch(base);
	assert_null(w.s);
	assert_int_equal(w.err.stage, ALPACON_AT_TCP);
	assert_non_null(strstr(w.err.text, "refused"));
	assert_null(dial(&w, port, bad));
	assert_int_equal(w.err.code, ALPACON_EUSAGE);
	o.url = "http://plain.example.com";
	o.token = "t";
	assert_null(alpacon_session_start(loop, &o, NULL, NULL, &w.err));
	assert_non_null(strstr(w.err.text, "https://"));
	assert_string_equal(alpacon_stage_name(ALPACON_AT_TLS), "tls");
}

static void
a_user_agent_has_one_line(void **state)
{
	struct alpacon_dial_opts o = ALPACON_DIAL_OPTS_INIT;
	struct alpacon_err err;

	(void)state;
	o.host = "127.0.0.1";
	o.port = port;
	o.proxies.user_agent = "a\r\nb";
	assert_null(alpacon_dial_start(loop, &o, on_dial, NULL, &err));
	assert_int_equal(err.code, ALPACON_EUSAGE);
	assert_int_equal(err.stage, ALPACON_AT_CONFIG);
	assert_string_equal(err.text, "user_agent: a line break or a control "
	    "character in the User-Agent");
}

static void
a_cancelled_dial_is_silent(void **state)
{
	struct seen w;

	(void)state;
	alpacon_dial_cancel(dial(&w, port, direct));
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(w.calls, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_both_ways_and_half_close),
		cmocka_unit_test(a_reset_breaks_the_stream),
		cmocka_unit_test(failures_have_a_stage_and_a_sentence),
		cmocka_unit_test(a_user_agent_has_one_line),
		cmocka_unit_test(a_cancelled_dial_is_silent),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
