/* connector/daemon/where.c - where to and who: the commands' common options. */
#include "connector/daemon/where.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connector/base/hash.h"
#include "connector/base/str.h"
#include "connector/base/url.h"
#include "connector/daemon/redact.h"

/* $XDG_CONFIG_HOME/alpacon/tunnel.conf; false: there is no home. */
static bool
default_path(char *out, size_t cap)
{
	const char *dir = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	if (dir != NULL && dir[0] == '/')
		n = snprintf(out, cap, "%s/alpacon/tunnel.conf", dir);
	else if (home != NULL && home[0] == '/')
		n = snprintf(out, cap, "%s/.config/alpacon/tunnel.conf", home);
	else
		return false;
	return n > 0 && (size_t)n < cap;
}

enum al_code
al_where_read(struct al_conf *c, const char *path, struct al_err *err)
{
	char def[PATH_MAX];
	enum al_code code = AL_OK;

	if (path != NULL)
		code = al_conf_read(c, path, 0, err);
	else if (default_path(def, sizeof(def)))
		code = al_conf_read(c, def, AL_CONF_OPTIONAL, err);
	if (code == AL_OK)
		code = al_conf_read_env(c, err);
	if (code == AL_OK)
		code = al_conf_finish(c, err);
	return code;
}

enum al_code
al_where_check_pac(const char *text, struct al_err *err)
{
	static const char *const known[] = { "http://", "https://", "file:",
	    "data:" };
	const char *host = strstr(text, "://");
	char shown[80];
	size_t i;

	if (!al_conf_is_url(text))
		return AL_OK;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncasecmp(text, known[i], strlen(known[i])) == 0)
			break;
	if (i == sizeof(known) / sizeof(known[0]))
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "\"%s\": a "
		    "PAC file is a path, or a URL of http, https, file or "
		    "data", al_str_clean(shown, sizeof(shown), text,
		    strlen(text)));
	if (i < 2 && host != NULL && memchr(host + 3, '@',
	    strcspn(host + 3, "/?#")) != NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "a PAC file is fetched without login: take user and "
		    "password out of its URL");
	return AL_OK;
}

enum al_code
al_where_check_sha256(const char *text, struct al_err *err)
{
	uint8_t sum[32];

	if (al_hex_decode(sum, sizeof(sum), text, strlen(text)))
		return AL_OK;
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
	    "is not a SHA-256: 64 hexadecimal digits");
}

enum al_code
al_where_host(const struct al_conf *c, char host[static AL_HOST_MAX + 1],
    uint16_t *port, struct al_err *err)
{
	const struct al_conf_value *v = al_conf_get(c, NULL, NULL, "url", 0);
	struct al_url u;
	enum al_code code;

	if (v == NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "the "
		    "workspace is not known: --url https://WORKSPACE, "
		    "ALPACON_URL, or url = in the configuration file");
	code = al_url_parse(&u, v->text, err);
	if (code != AL_OK) {
		al_conf_blame(v, err);
		return code;
	}
	if (strcmp(u.scheme, "https") != 0 && strcmp(u.scheme, "wss") != 0)
		code = al_conf_fail(v, err, "must begin with https://: "
		    "nothing is sent without TLS");
	memcpy(host, u.host, sizeof(u.host));
	*port = u.port != 0 ? u.port : 443;
	al_url_fini(&u);
	return code;
}

enum al_code
al_where_authorization(const struct al_conf *c, struct al_secret *s,
    struct al_err *err)
{
	const struct al_conf_value *v = al_conf_get(c, NULL, NULL,
	    "token_file", 0);
	struct al_secret token;
	char text[AL_SECRET_MAX + 16];
	enum al_code code;

	s->text = NULL;
	if (v == NULL)
		return al_fail(err, AL_EAUTH, AL_AT_CONFIG, 0, "there is no "
		    "token: --token-file FILE, ALPACON_TOKEN_FILE, or "
		    "token_file = in the configuration file");
	code = al_secret_read(&token, v->text, err);
	if (code != AL_OK) {
		al_conf_blame(v, err);
		return code;
	}
	(void)snprintf(text, sizeof(text), "Bearer %s", token.text);
	code = al_secret_set(s, text, err);
	explicit_bzero(text, sizeof(text));
	/* the token alone stays registered too: it is in s as well */
	if (code == AL_OK)
		code = al_redact_add(token.text, err);
	al_secret_fini(&token);
	return code;
}
