/* proxy/socks5_gss.c - SOCKS5 with Kerberos: the part of RFC 1961. */
#include "proxy/socks5_gss.h"

#include <stdlib.h>
#include <string.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"

#define PLAIN_MAX	4096	/* a reply has at most 262 bytes */

/* --- messages ------------------------------------------------------------- */
static enum al_code
broken(struct al_err *err, const char *what, int got)
{
	return al_fail_as(err, AL_EPROTO, AL_AT_PROXY, 0, 121,
	    "the SOCKS5 proxy breaks RFC 1961: %s %d", what, got);
}

enum al_code
al_socks5_gss_heard(const struct al_buf *in, enum al_socks5_mtyp mtyp,
    const uint8_t **token, size_t *len, struct al_err *err)
{
	const uint8_t *p = al_buf_head(in);
	size_t have = al_buf_len(in);

	if (have > 0 && p[0] != 1)
		return broken(err, "version", p[0]);
	/* RFC 1961 3.6 and 4.3: no length behind it, the proxy closes */
	if (have > 1 && p[1] == AL_SOCKS5_ABORT && mtyp != AL_SOCKS5_DATA)
		return al_fail_as(err, AL_EAUTH, AL_AT_PROXY, p[1], 131,
		    "the SOCKS5 proxy refuses this Kerberos login");
	if (have > 1 && p[1] != mtyp)
		return broken(err, "type of message", p[1]);
	if (have < AL_SOCKS5_HEAD)
		return AL_AGAIN;
	*len = al_get_u16(p + 2);
	if (*len == 0)
		return broken(err, "length of a token", 0);
	if (have - AL_SOCKS5_HEAD < *len)
		return AL_AGAIN;
	*token = p + AL_SOCKS5_HEAD;
	return AL_OK;
}

enum al_code
al_socks5_gss_say(struct al_buf *out, enum al_socks5_mtyp mtyp,
    const void *token, size_t len, struct al_err *err)
{
	uint8_t *p;

	if (len == 0 || len > AL_SOCKS5_TOKEN_MAX)
		return al_fail(err, AL_ELIMIT, AL_AT_PROXY, 0,
		    "kerberos: a token of %zu bytes does not fit RFC 1961 "
		    "(1 to %d)", len, AL_SOCKS5_TOKEN_MAX);
	p = al_buf_reserve(out, AL_SOCKS5_HEAD + len);
	if (p == NULL)
		return al_fail_nomem(err, AL_AT_PROXY);
	p[0] = 1;
	p[1] = (uint8_t)mtyp;
	al_put_u16(p + 2, (uint16_t)len);
	memcpy(p + AL_SOCKS5_HEAD, token, len);
	al_buf_commit(out, AL_SOCKS5_HEAD + len);
	return AL_OK;
}

/* --- life ----------------------------------------------------------------- */
static bool
copy(char **to, const char *s)
{
	*to = s != NULL ? al_str_dup(s, strlen(s)) : NULL;
	return s == NULL || *to != NULL;
}

enum al_code
al_socks5_gss_init(struct al_socks5_gss *g, const struct al_hop *hop,
    const uint8_t *request, size_t len, struct al_err *err)
{
	g->state = G_FIRST;
	g->request = request;
	g->request_len = len;
	al_buf_init(&g->heard, AL_SOCKS5_TOKEN_MAX);
	al_buf_init(&g->plain, PLAIN_MAX);
	al_buf_init(&g->given, 2 * AL_SOCKS5_TOKEN_MAX);
	if (copy(&g->host, hop->host) && copy(&g->user, hop->user) &&
	    copy(&g->password, hop->password))
		return AL_OK;
	return al_fail_nomem(err, AL_AT_PROXY);
}

void
al_socks5_gss_fini(struct al_socks5_gss *g)
{
	free(g->host);
	al_str_free_secret(g->user);
	al_str_free_secret(g->password);
	al_buf_fini(&g->heard);
	al_buf_fini(&g->plain);
	al_buf_fini(&g->given);
}

/* --- tokens from outside -------------------------------------------------- */
bool
al_socks5_gss_need(const struct al_socks5_gss *g, struct al_proxy_need *need)
{
	static const uint8_t levels[] = {
		[AL_PROXY_SIGN] = AL_PROXY_SIGN,
		[AL_PROXY_SEAL] = AL_PROXY_SEAL,
	};

	*need = (struct al_proxy_need){
		.mech = AL_PROXY_KRB5,
		.service = "rcmd",	/* what the servers at large use */
		.host = g->host,
		.user = g->user,
		.password = g->password,
		.token = al_buf_head(&g->heard),
		.token_len = al_buf_len(&g->heard),
	};
	if (g->answered)
		return false;
	switch (g->state) {
	case G_FIRST:
	case G_STEP:
		need->ask = AL_PROXY_TOKEN;
		return true;
	case G_LEVEL:
		/* RFC 1961 4.3: this one is never encrypted */
		need->ask = AL_PROXY_WRAP;
		need->level = AL_PROXY_SIGN;
		need->token = &levels[g->level];
		need->token_len = 1;
		return true;
	case G_REQUEST:
		need->ask = AL_PROXY_WRAP;
		need->level = g->level;
		need->token = g->request;
		need->token_len = g->request_len;
		return true;
	case G_CHOSEN:
	case G_REPLIED:
		need->ask = AL_PROXY_UNWRAP;
		return true;
	case G_LEG:
	case G_CHOICE:
	case G_REPLY:
	case G_OPEN:
		break;
	}
	return false;
}

void
al_socks5_gss_give(struct al_socks5_gss *g, const void *token, size_t len,
    unsigned flags)
{
	g->answered = true;
	g->flags = flags;
	g->denied.code = AL_OK;
	al_buf_fini(&g->given);
	if (len > 0 && al_buf_put(&g->given, token, len) != AL_OK)
		(void)al_fail_nomem(&g->denied, AL_AT_PROXY);
	al_buf_fini(&g->heard);
}

void
al_socks5_gss_deny(struct al_socks5_gss *g, const struct al_err *cause)
{
	g->answered = true;
	g->denied = *cause;
}

bool
al_socks5_gss_is_hopeless(const struct al_socks5_gss *g)
{
	return g->state == G_FIRST && g->denied.code != AL_OK &&
	    g->denied.code != AL_ENOMEM;
}

/* --- the steps ------------------------------------------------------------ */
static enum al_hs
fail(enum al_code code)
{
	return code == AL_OK || code == AL_AGAIN ? AL_HS_MORE : AL_HS_FAIL;
}

static enum al_hs
say(struct al_socks5_gss *g, enum al_socks5_mtyp mtyp,
    enum al_socks5_gss_state next, struct al_buf *out, struct al_err *err)
{
	enum al_code code = al_socks5_gss_say(out, mtyp,
	    al_buf_head(&g->given), al_buf_len(&g->given), err);

	if (code == AL_OK)
		g->state = next;
	return fail(code);
}

static enum al_hs
hear(struct al_socks5_gss *g, enum al_socks5_mtyp mtyp,
    enum al_socks5_gss_state next, struct al_buf *in, struct al_err *err)
{
	const uint8_t *token;
	size_t len;
	enum al_code code = al_socks5_gss_heard(in, mtyp, &token, &len, err);

	if (code != AL_OK)
		return fail(code);
	if (al_buf_put(&g->heard, token, len) != AL_OK)
		return fail(al_fail_nomem(err, AL_AT_PROXY));
	al_buf_drain(in, AL_SOCKS5_HEAD + len);
	g->state = next;
	return AL_HS_MORE;
}

/* RFC 1961 3.3 to 3.5 */
static enum al_hs
stepped(struct al_socks5_gss *g, struct al_buf *out, struct al_err *err)
{
	enum al_socks5_gss_state next = G_LEG;

	if (g->flags & AL_PROXY_GIVEN_DONE) {
		g->level = g->flags & AL_PROXY_GIVEN_SEAL ? AL_PROXY_SEAL :
		    AL_PROXY_SIGN;
		next = G_LEVEL;
		if (al_buf_len(&g->given) == 0) {
			g->state = next;
			return AL_HS_MORE;
		}
	}
	return say(g, AL_SOCKS5_TOKEN, next, out, err);
}

/*
 * RFC 1961 4.2: less than we wish is the proxy's right, but not nothing; 3 is
 * for each message as its sender likes.
 */
static enum al_hs
chosen(struct al_socks5_gss *g, struct al_err *err)
{
	const uint8_t *p = al_buf_head(&g->given);

	if (al_buf_len(&g->given) != 1) {
		(void)broken(err, "its level of protection has a length of",
		    (int)al_buf_len(&g->given));
		return AL_HS_FAIL;
	}
	if (p[0] != AL_PROXY_SIGN && p[0] != g->level) {
		(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, p[0], 132,
		    "the SOCKS5 proxy wants the level of protection %d%s, "
		    "and only 1 (integrity) and 2 (encryption) will do", p[0],
		    p[0] == AL_PROXY_BARE ? " (none)" : "");
		return AL_HS_FAIL;
	}
	g->level = p[0] == AL_PROXY_SIGN ? AL_PROXY_SIGN : AL_PROXY_SEAL;
	g->state = G_REQUEST;
	return AL_HS_MORE;
}

static enum al_hs
replied(struct al_socks5_gss *g, struct al_err *err)
{
	enum al_code code;

	if (g->level == AL_PROXY_SEAL && !(g->flags & AL_PROXY_GIVEN_SEAL)) {
		(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, 0, 121,
		    "the SOCKS5 proxy did not encrypt its reply, as agreed");
		return AL_HS_FAIL;
	}
	code = al_buf_put(&g->plain, al_buf_head(&g->given),
	    al_buf_len(&g->given));
	if (code == AL_ENOMEM)
		return fail(al_fail_nomem(err, AL_AT_PROXY));
	if (code != AL_OK)
		return fail(al_fail(err, code, AL_AT_PROXY, 0,
		    "the SOCKS5 proxy's reply does not end"));
	g->state = G_OPEN;
	return AL_HS_DONE;
}

/* In a state that needs something of Kerberos. */
static enum al_hs
take_answer(struct al_socks5_gss *g, struct al_buf *out, struct al_err *err)
{
	if (!g->answered)
		return AL_HS_NEED;
	g->answered = false;
	if (g->denied.code != AL_OK) {
		*err = g->denied;
		return AL_HS_FAIL;
	}
	switch (g->state) {
	case G_FIRST:
	case G_STEP:
		return stepped(g, out, err);
	case G_LEVEL:
		return say(g, AL_SOCKS5_LEVEL, G_CHOICE, out, err);
	case G_REQUEST:
		return say(g, AL_SOCKS5_DATA, G_REPLY, out, err);
	case G_CHOSEN:
		return chosen(g, err);
	default:
		return replied(g, err);
	}
}

enum al_hs
al_socks5_gss_step(struct al_socks5_gss *g, struct al_buf *in,
    struct al_buf *out, struct al_err *err)
{
	enum al_socks5_gss_state before;
	enum al_hs r;

	do {
		before = g->state;
		switch (g->state) {
		case G_LEG:
			r = hear(g, AL_SOCKS5_TOKEN, G_STEP, in, err);
			break;
		case G_CHOICE:
			r = hear(g, AL_SOCKS5_LEVEL, G_CHOSEN, in, err);
			break;
		case G_REPLY:
			r = hear(g, AL_SOCKS5_DATA, G_REPLIED, in, err);
			break;
		case G_OPEN:
			return AL_HS_DONE;
		default:
			r = take_answer(g, out, err);
			break;
		}
	} while (r == AL_HS_MORE && g->state != before);
	return r;
}

void
al_socks5_gss_more(struct al_socks5_gss *g)
{
	g->state = G_REPLY;
}
