/* tests/unit/pac_helper_script.c - plays the PAC helper: script and URL are
 * lines of commands, which say what it does. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "connector/helper/serve.h"
#include "pac/wire.h"

static uint8_t msg[AL_PAC_QUESTION_MAX], out[AL_PAC_ANSWER_MAX];
static size_t len, script_len;
static struct al_writer w;
static char text[AL_PAC_RESULT_MAX + 1];	/* the result so far */
static int64_t clock_ms;
static unsigned evals;
static const char *host;
static bool jsc, answered;

static void
put(uint8_t kind, const void *p, size_t n)
{
	al_write_u8(&w, kind);
	al_write_u32(&w, (uint32_t)n);
	al_write_bytes(&w, p, n);
}

static void
say(void)
{
	if (!al_serve_write(1, out, w.len))
		exit(0);
	w.len = 0;
}

static void
answer(uint8_t kind, const void *p, size_t n)
{
	put(kind, p, n);
	say();
	answered = true;
}

static size_t
unhex(uint8_t *to, const char *hex)
{
	size_t n = strlen(hex), i;

	for (i = 0; i + 1 < n; i += 2)
		to[i / 2] = (uint8_t)(al_hex_digit(hex[i]) << 4 |
		    al_hex_digit(hex[i + 1]));
	return n / 2;
}

/* "STAGE LINE COLUMN message|text" */
static void
put_failed(const char *arg)
{
	char message[600] = "", there[600] = "";
	unsigned stage, line, column;
	uint8_t body[1500];
	struct al_writer b = al_writer(body, sizeof(body));

	if (sscanf(arg, "%u %u %u %599[^|]|%599[^|]", &stage, &line, &column,
	    message, there) < 3)
		abort();
	al_write_u8(&b, (uint8_t)stage);
	al_write_u32(&b, line);
	al_write_u32(&b, column);
	al_write_u16(&b, (uint16_t)strlen(message));
	al_write_bytes(&b, message, strlen(message));
	al_write_bytes(&b, there, strlen(there));
	answer(AL_PAC_FAILED, body, b.len);
}

/* How many addresses; they go behind the text. */
static size_t
look_up(uint8_t what, const char *name)
{
	uint8_t body[300], reply[1 + 17 * AL_PAC_ADDRS_MAX];
	struct al_writer b = al_writer(body, sizeof(body));
	struct al_reader in;
	size_t n, count = 0;

	al_write_u8(&b, what);
	al_write_bytes(&b, name, strlen(name));
	put(AL_PAC_LOOKUP, body, b.len);
	say();
	if (!al_serve_read(0, reply, sizeof(reply), &n))
		exit(0);
	in = al_reader(reply, n);
	if (al_read_u8(&in) != AL_PAC_ADDRS)
		abort();
	for (; in.len > 0; count++) {
		uint8_t family = al_read_u8(&in);
		const uint8_t *ip = al_read_bytes(&in, family == 4 ? 4 : 16);

		if (ip == NULL || (family != 4 && family != 6))
			abort();
		(void)snprintf(text + strlen(text), sizeof(text) -
		    strlen(text), "%u:%u.%u ", family, ip[0],
		    ip[family == 4 ? 3 : 15]);
	}
	return count;
}

static void
nap(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

static void
spin(void)
{
	static volatile unsigned turns;

	for (;;)
		turns++;
}

static void
grow(void)
{
	volatile uint8_t *p = malloc((size_t)120 << 20);
	size_t i;

	for (i = 0; p != NULL && i < (size_t)120 << 20; i += 4096)
		p[i] = 1;
	(void)pause();
}

static void
flood(void)
{
	static uint8_t junk[65536];

	while (write(1, junk, sizeof(junk)) > 0)
		;
	exit(0);
}

static void
many(unsigned n)
{
	unsigned i, found = 0;
	char name[40];

	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "n%u.test", i);
		found += look_up(AL_PAC_NAME4, name) > 0;
	}
	(void)snprintf(text, sizeof(text), "found %u", found);
}

static void
alerts(unsigned n)
{
	for (; n > 0; n--)
		put(AL_PAC_ALERT, "0123456789", 10);
}

static bool
is(const char *line, const char *word, const char **arg)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || (line[n] != ' ' && line[n] != '\0'))
		return false;
	*arg = line + n + (line[n] == ' ');
	return true;
}

static void
run_line(const char *line)
{
	const char *a;

	if (is(line, "alert", &a))
		put(AL_PAC_ALERT, a, strlen(a));
	else if (is(line, "alerts", &a))
		alerts((unsigned)atoi(a));
	else if (is(line, "result", &a))
		answer(AL_PAC_RESULT, a, strlen(a));
	else if (is(line, "loaded", &a))
		answer(AL_PAC_LOADED, a, strlen(a));
	else if (is(line, "fail", &a))
		put_failed(a);
	else if (is(line, "syntax", &a)) {
		if (!jsc)
			put_failed("1 3 7 empty expression not allowed|x =>");
	} else if (is(line, "raw", &a)) {
		w.len = unhex(out, a);
		say();
		answered = true;
	} else if (is(line, "wire", &a)) {
		if (write(1, out, unhex(out, a)) < 0)
			exit(1);
		exit(0);
	} else if (is(line, "name4", &a))
		(void)look_up(AL_PAC_NAME4, a);
	else if (is(line, "name", &a))
		(void)look_up(AL_PAC_NAME, a);
	else if (is(line, "own4", &a))
		(void)look_up(AL_PAC_OWN4, "");
	else if (is(line, "own", &a))
		(void)look_up(AL_PAC_OWN, "");
	else if (is(line, "many", &a))
		many((unsigned)atoi(a));
	else if (is(line, "ms", &a))
		nap(atol(a));
	else if (is(line, "hang", &a))
		(void)pause();
	else if (is(line, "spin", &a))
		spin();
	else if (is(line, "grow", &a))
		grow();
	else if (is(line, "flood", &a))
		flood();
	else if (is(line, "die", &a))
		_exit(3);
	else if (is(line, "abort", &a))
		abort();
	else if (is(line, "twice", &a)) {
		static const uint8_t two[] = "\0\0\0\x8\3\0\0\0\3one"
		    "\0\0\0\x8\3\0\0\0\3two";

		answered = write(1, two, sizeof(two) - 1) > 0;
	} else if (is(line, "count", &a))
		(void)snprintf(text, sizeof(text), "%u", evals);
	else if (is(line, "pid", &a))
		(void)snprintf(text, sizeof(text), "%ld", (long)getpid());
	else if (is(line, "size", &a))
		(void)snprintf(text, sizeof(text), "%zu", script_len);
	else if (is(line, "host", &a))
		(void)snprintf(text, sizeof(text), "%s", host);
	else if (is(line, "clock", &a))
		(void)snprintf(text, sizeof(text), "%" PRId64, clock_ms);
}

/* Until one of them is an answer. */
static void
run(const char *p, size_t n)
{
	static char line[AL_PAC_URL_MAX];
	const char *end, *stop = p + n;

	answered = false;
	text[0] = '\0';
	for (; !answered && p < stop; p = end + 1) {
		end = memchr(p, '\n', (size_t)(stop - p));
		if (end == NULL)
			end = stop;
		if ((size_t)(end - p) >= sizeof(line))
			continue;
		memcpy(line, p, (size_t)(end - p));
		line[end - p] = '\0';
		run_line(line);
	}
}

static void
load(void)
{
	static const char engine[] = "Script\t1";

	script_len = len - 9;
	run((const char *)msg + 9, script_len);
	if (!answered)
		answer(AL_PAC_LOADED, jsc ? "JSC" : engine,
		    jsc ? 3 : sizeof(engine) - 1);
}

static void
eval(void)
{
	static char name[256];
	size_t n = al_get_u16(msg + 9);

	memcpy(name, msg + 11 + n, len - 11 - n);
	name[len - 11 - n] = '\0';
	host = name;
	evals++;
	run((const char *)msg + 11, n);
	if (!answered)
		answer(AL_PAC_RESULT, text, strlen(text));
}

int
main(int argc, char **argv)
{
	size_t n = argc > 0 ? strlen(argv[0]) : 0;

	jsc = n > 4 && strcmp(argv[0] + n - 4, "-jsc") == 0;
	w = al_writer(out, sizeof(out));
	while (al_serve_read(0, msg, sizeof(msg), &len) && len >= 9) {
		clock_ms = (int64_t)al_get_u64(msg + 1);
		if (msg[0] == AL_PAC_LOAD)
			load();
		else if (msg[0] == AL_PAC_EVAL && len >= 11 + (size_t)
		    al_get_u16(msg + 9) && len - 11 - al_get_u16(msg + 9) <
		    256)
			eval();
		else
			return 1;
	}
	return 0;
}
