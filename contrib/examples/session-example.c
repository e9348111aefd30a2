/* session-example.c - talk to a port of a server behind a gateway.
 *
 *   cc session-example.c $(pkg-config --cflags --libs alpacon-connector)
 *   ./a.out https://acme.us1.alpacon.io token-file db1 127.0.0.1:22 [ca-file]
 *
 * Proxies come from the environment.  Prints what the port says first and
 * exits, or sends standard input's first line if that is a pipe.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include <alpacon/session.h>

struct example {
	struct event_base	*base;
	const char		*server, *target;
	int			 status;
};

static void
stop(struct example *e, int status, const char *why)
{
	if (why != NULL)
		(void)fprintf(stderr, "session-example: %s\n", why);
	e->status = status;
	(void)event_base_loopbreak(e->base);
}

static void
on_readable(void *arg, struct alpacon_stream *s)
{
	struct example *e = arg;
	char buf[4096];
	ssize_t n;

	while ((n = alpacon_stream_read(s, buf, sizeof(buf))) > 0)
		(void)fwrite(buf, 1, (size_t)n, stdout);
	if (n < 0)
		return;		/* more will come */
	alpacon_stream_free(s);
	stop(e, 0, NULL);
}

static void
on_broken(void *arg, struct alpacon_stream *s, const struct alpacon_err *why)
{
	alpacon_stream_free(s);
	stop(arg, 1, why->text);
}

static const struct alpacon_stream_ops stream_ops = {
	.on_readable = on_readable,
	.on_broken = on_broken,
};

static void
on_open(void *arg, struct alpacon_stream *s, const struct alpacon_err *err)
{
	char line[1024];

	if (s == NULL) {
		stop(arg, 1, err->text);
		return;
	}
	alpacon_stream_set_ops(s, &stream_ops, arg);
	if (fgets(line, sizeof(line), stdin) != NULL)
		(void)alpacon_stream_write(s, line, strlen(line));
	alpacon_stream_shut(s);
}

static void
on_up(void *arg, struct alpacon_session *s)
{
	struct example *e = arg;
	struct alpacon_err err;

	if (alpacon_channel_open(s, e->server, e->target, on_open, e, &err) ==
	    NULL)
		stop(e, 1, err.text);
}

static void
on_down(void *arg, struct alpacon_session *s, const struct alpacon_err *why,
    uint64_t retry_ms)
{
	(void)s;
	(void)retry_ms;
	stop(arg, 1, why->text);
}

static const struct alpacon_session_ops session_ops = {
	.on_up = on_up,
	.on_down = on_down,
};

int
main(int argc, char **argv)
{
	struct alpacon_session_opts o = ALPACON_SESSION_OPTS_INIT;
	struct example e = { .status = 1 };
	struct alpacon_session *s = NULL;
	struct alpacon_loop *loop;
	struct alpacon_err err;
	char token[512] = "";
	FILE *f;

	if (argc < 5 || (f = fopen(argv[2], "r")) == NULL) {
		(void)fprintf(stderr, "usage: session-example URL TOKEN-FILE "
		    "SERVER HOST:PORT [CA-FILE]\n");
		return 64;
	}
	if (fgets(token, sizeof(token), f) != NULL)
		token[strcspn(token, "\n")] = '\0';
	(void)fclose(f);
	e.server = argv[3];
	e.target = argv[4];
	e.base = event_base_new();
	o.url = argv[1];
	o.token = token;
	o.ca_file = argv[5];
	o.software = "session-example/1";
	loop = alpacon_loop_new(e.base, &err);
	if (loop != NULL)
		s = alpacon_session_start(loop, &o, &session_ops, &e, &err);
	if (s == NULL)
		(void)fprintf(stderr, "session-example: %s\n", err.text);
	else
		(void)event_base_dispatch(e.base);
	alpacon_session_free(s);
	alpacon_loop_free(loop);
	event_base_free(e.base);
	return e.status;
}
