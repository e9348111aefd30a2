/* tests/unit/syscfg_helper.c - plays the helper: the host says how. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "connector/helper/serve.h"
#include "connector/helper/syscfg.h"

static uint8_t msg[AL_SYSCFG_MSG_MAX], out[AL_SYSCFG_MSG_MAX + 4];
static size_t len;

static size_t
unhex(uint8_t *to, const uint8_t *hex, size_t n)
{
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		to[i / 2] = (uint8_t)(al_hex_digit(hex[i]) << 4 |
		    al_hex_digit(hex[i + 1]));
	return n / 2;
}

/* The question and the environment, in the shape of a proxy. */
static size_t
echo(struct al_writer *w)
{
	const char *home = getenv("HOME"), *proxy = getenv("https_proxy");
	char text[400];

	(void)snprintf(text, sizeof(text), "http://%u.%u.%.*s.%s.%s",
	    msg[0], al_get_u16(msg + 1), (int)(len - 3), (char *)msg + 3,
	    home != NULL ? "home" : "-", proxy != NULL ? proxy : "-");
	al_write_u8(w, AL_SYSCFG_PROXY);
	al_write_u16(w, (uint16_t)strlen(text));
	al_write_bytes(w, text, strlen(text));
	return w->len;
}

/* The PAC file that the test has put where we can see it. */
static size_t
pac(struct al_writer *w)
{
	const char *url = getenv("XDG_CONFIG_HOME");

	url = url != NULL ? url : "";
	al_write_u8(w, AL_SYSCFG_PAC);
	al_write_u16(w, (uint16_t)strlen(url));
	al_write_bytes(w, url, strlen(url));
	return w->len;
}

/* More than a route can have. */
static size_t
many(struct al_writer *w)
{
	size_t i;

	for (i = 0; i < 40; i++) {
		al_write_u8(w, AL_SYSCFG_PROXY);
		al_write_u16(w, 8);
		al_write_bytes(w, "http://a", 8);
	}
	return w->len;
}

static bool
is(const char *word)
{
	return len == 3 + strlen(word) &&
	    memcmp(msg + 3, word, strlen(word)) == 0;
}

int
main(void)
{
	struct al_writer w = al_writer(out, sizeof(out));

	if (!al_serve_read(0, msg, sizeof(msg), &len) || len < 3)
		return 0;
	if (len >= 7 && memcmp(msg + 3, "raw:", 4) == 0)
		(void)al_serve_write(1, out, unhex(out, msg + 7, len - 7));
	else if (is("hang"))
		(void)pause();
	else if (is("crash"))
		abort();
	else if (is("nothing"))
		(void)al_serve_write(1, out, 0);
	else if (is("pac"))
		(void)al_serve_write(1, out, pac(&w));
	else if (is("many"))
		(void)al_serve_write(1, out, many(&w));
	else
		(void)al_serve_write(1, out, echo(&w));
	return 0;
}
