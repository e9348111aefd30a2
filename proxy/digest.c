/* proxy/digest.c - HTTP Digest logins (RFC 7616, and RFC 2617 challenges). */
#include "proxy/digest.h"

#include <stdio.h>
#include <string.h>

#include "connector/base/rng.h"
#include "connector/base/str.h"

#define TEXTS_MAX	6	/* joined in one hash */
/* RFC 8187 3.2.1: "UTF-8''" and three characters a byte. */
#define EXT_MAX		(sizeof("UTF-8''") + 3 * AL_DIGEST_USER_MAX)

static const struct algorithm {
	const char	*name;
	enum al_hash	 hash;
	bool		 sess;
} algorithms[] = {
	{ "MD5", AL_HASH_MD5, false },
	{ "MD5-sess", AL_HASH_MD5, true },
	{ "SHA-256", AL_HASH_SHA256, false },
	{ "SHA-256-sess", AL_HASH_SHA256, true },
	{ "SHA-512-256", AL_HASH_SHA512_256, false },
	{ "SHA-512-256-sess", AL_HASH_SHA512_256, true },
};

#define N_ALGORITHMS	(sizeof(algorithms) / sizeof(algorithms[0]))

/* Everything here ends in one line of a head, inside quotes. */
static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			return true;
	return false;
}

static bool
param_is(const struct al_challenge *c, const char *name, const char *want)
{
	const char *value = al_challenge_get(c, name);

	return value != NULL && al_str_ieq(value, want);
}

/* What is wrong with the value, or NULL. */
static const char *
copy(char *to, size_t cap, const char *value)
{
	if (strlen(value) >= cap)
		return "has a realm, nonce or opaque that is too long";
	if (has_control(value))
		return "has a control character in a value";
	memcpy(to, value, strlen(value) + 1);
	return NULL;
}

/* RFC 7616 3.3: without one it is MD5. */
static const char *
parse_algorithm(struct al_digest *d, const char *name)
{
	size_t i;

	if (name == NULL)
		return NULL;
	for (i = 0; i < N_ALGORITHMS; i++) {
		if (!al_str_ieq(name, algorithms[i].name))
			continue;
		d->hash = algorithms[i].hash;
		d->sess = algorithms[i].sess;
		return copy(d->algorithm, sizeof(d->algorithm), name);
	}
	return "asks for an algorithm that is not known";
}

/* RFC 7616 3.3: unknown words are skipped.  An empty list is none. */
static const char *
parse_qop(struct al_digest *d, const char *list)
{
	bool any = false;
	size_t n;

	for (; list != NULL; list += n) {
		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n == 0)
			break;
		any = true;
		if (al_str_ieqn(list, n, "auth"))
			d->qop |= AL_DIGEST_AUTH;
		else if (al_str_ieqn(list, n, "auth-int"))
			d->qop |= AL_DIGEST_AUTH_INT;
	}
	return any && d->qop == 0 ?
	    "offers a protection (qop) that is neither auth nor auth-int" :
	    NULL;
}

/* What is wrong with the challenge, or NULL. */
static const char *
parse(struct al_digest *d, const struct al_challenge *c)
{
	const char *realm = al_challenge_get(c, "realm");
	const char *nonce = al_challenge_get(c, "nonce");
	const char *opaque = al_challenge_get(c, "opaque");
	const char *why;

	if (realm == NULL)
		return "has no realm";
	if (nonce == NULL)
		return "has no nonce";
	d->stale = param_is(c, "stale", "true");
	d->userhash = param_is(c, "userhash", "true");
	d->utf8 = param_is(c, "charset", "UTF-8");
	d->has_opaque = opaque != NULL;
	why = copy(d->realm, sizeof(d->realm), realm);
	if (why == NULL)
		why = copy(d->nonce, sizeof(d->nonce), nonce);
	if (why == NULL && opaque != NULL)
		why = copy(d->opaque, sizeof(d->opaque), opaque);
	if (why == NULL)
		why = parse_algorithm(d, al_challenge_get(c, "algorithm"));
	return why != NULL ? why :
	    parse_qop(d, al_challenge_get(c, "qop"));
}

static enum al_code
no_hash(const struct al_digest *d, enum al_code code, struct al_err *err)
{
	if (code == AL_ENOMEM)
		return al_fail_nomem(err, AL_AT_PROXY);
	return al_fail(err, AL_ELIMIT, AL_AT_PROXY, 0, "Digest with %s does "
	    "not work here: OpenSSL does not allow that hash (FIPS mode?)",
	    d->algorithm[0] != '\0' ? d->algorithm : "MD5");
}

enum al_code
al_digest_parse(struct al_digest *d, const struct al_challenge *c,
    struct al_err *err)
{
	struct al_digest next = { 0 };
	const char *why = parse(&next, c);

	if (why != NULL)
		return al_fail(err, AL_EPROTO, AL_AT_PROXY, 0,
		    "the proxy's Digest challenge %s", why);
	if (!al_hash_is_available(next.hash))
		return no_hash(&next, AL_ELIMIT, err);
	/* Some make their nonces from the clock: two 407 in one second bring
	 * the same, and a count that comes twice is a replay to them. */
	if (strcmp(next.nonce, d->nonce) == 0) {
		next.nc = d->nc;
		memcpy(next.cnonce, d->cnonce, sizeof(next.cnonce));
	}
	*d = next;
	return AL_OK;
}

const struct al_challenge *
al_digest_choose(const struct al_challenges *c)
{
	const struct al_challenge *best = NULL;
	enum al_hash strongest = AL_HASH_MD5;
	size_t i;

	for (i = 0; i < c->n; i++) {
		struct al_digest d = { 0 };
		struct al_err err;

		if (!al_str_ieq(c->list[i].scheme, "Digest") ||
		    al_digest_parse(&d, &c->list[i], &err) != AL_OK ||
		    (best != NULL && d.hash <= strongest))
			continue;
		best = &c->list[i];
		strongest = d.hash;
	}
	return best;
}

/* One answer in the making; all of it is wiped. */
struct answer {
	const struct al_digest			*d;
	const struct al_digest_request		*q;
	const char				*qop;	/* NULL: RFC 2069 */
	const char				*cnonce;
	char					 nc[9];
	char					 a1[AL_HASH_HEX];
	char					 a2[AL_HASH_HEX];
	char					 body[AL_HASH_HEX];
	char					 response[AL_HASH_HEX];
	char					 userhash[AL_HASH_HEX];
	char					 ext[EXT_MAX];
};

/* H of the texts with ':' between them; the list ends with NULL. */
static enum al_code
hash_texts(char out[static AL_HASH_HEX], enum al_hash h,
    const char *const *texts)
{
	struct al_bytes v[2 * TEXTS_MAX];
	size_t n = 0;

	for (; *texts != NULL; texts++) {
		if (n > 0)
			v[n++] = (struct al_bytes){ ":", 1 };
		v[n++] = (struct al_bytes){ *texts, strlen(*texts) };
	}
	return al_hash_hex(out, h, v, n);
}

#define HASH(out, h, ...)	\
	hash_texts(out, h, (const char *const[]){ __VA_ARGS__, NULL })

/* RFC 7616 3.4.2.  With -sess the texts are joined to the hex, not to the raw
 * hash as the sample code of RFC 2617 5 has it (erratum 1649). */
static enum al_code
hash_a1(struct answer *a)
{
	const struct al_digest *d = a->d;
	enum al_code code;

	code = HASH(a->a1, d->hash, a->q->user, d->realm, a->q->password);
	if (code == AL_OK && d->sess)
		code = HASH(a->a1, d->hash, a->a1, d->nonce, a->cnonce);
	return code;
}

/* RFC 7616 3.4.3 */
static enum al_code
hash_a2(struct answer *a)
{
	const struct al_digest_request *q = a->q;
	struct al_bytes body = { q->body, q->body_len };
	enum al_hash h = a->d->hash;
	enum al_code code;

	if (a->qop == NULL || strcmp(a->qop, "auth") == 0)
		return HASH(a->a2, h, q->method, q->uri);
	code = al_hash_hex(a->body, h, &body, body.len > 0 ? 1 : 0);
	return code != AL_OK ? code :
	    HASH(a->a2, h, q->method, q->uri, a->body);
}

/* RFC 7616 3.4.1 and 3.4.4; RFC 2617 3.2.2.1 has the one without qop. */
static enum al_code
hash_all(struct answer *a)
{
	const struct al_digest *d = a->d;
	enum al_code code = hash_a1(a);

	if (code == AL_OK)
		code = hash_a2(a);
	if (code == AL_OK && d->userhash)
		code = HASH(a->userhash, d->hash, a->q->user, d->realm);
	if (code != AL_OK)
		return code;
	if (a->qop == NULL)
		return HASH(a->response, d->hash, a->a1, d->nonce, a->a2);
	return HASH(a->response, d->hash, a->a1, d->nonce, a->nc, a->cnonce,
	    a->qop, a->a2);
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s > 0x7f)
			return false;
	return true;
}

/* RFC 8187 3.2.1 (RFC 5987 in its day): what is no attr-char becomes %XX. */
static char *
ext_value(char *out, const char *s)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to = out;

	to = stpcpy(to, "UTF-8''");
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (al_is_alnum(c) || strchr("!#$&+-.^_`|~", c) != NULL) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	*to = '\0';
	return out;
}

static enum al_code
put_escaped(struct al_buf *b, const char *value)
{
	enum al_code code = AL_OK;
	size_t n;

	for (; code == AL_OK && *value != '\0'; value += n) {
		if (*value == '"' || *value == '\\') {
			code = al_buf_put(b, "\\", 1);
			n = 1;
		} else {
			n = strcspn(value, "\"\\");
		}
		if (code == AL_OK)
			code = al_buf_put(b, value, n);
	}
	return code;
}

/* name="value", name=value for a token, nothing for a NULL. */
static enum al_code
put_param(struct al_buf *b, const char *name, const char *value,
    const char *quote)
{
	enum al_code code;

	if (value == NULL)
		return AL_OK;
	code = al_buf_puts(b, name);
	if (code == AL_OK)
		code = al_buf_puts(b, "=");
	if (code == AL_OK)
		code = al_buf_puts(b, quote);
	if (code == AL_OK)
		code = put_escaped(b, value);
	return code == AL_OK ? al_buf_puts(b, quote) : code;
}

/*
 * RFC 7616 3.4 tells which are quoted.  The order is curl's, which is what
 * careless proxies have been tried with.  -sess needs the cnonce on the other
 * side even where a lack of qop forbids it.
 */
static enum al_code
write_answer(struct answer *a, struct al_buf *b)
{
	const struct al_digest *d = a->d;
	const char *user = d->userhash ? a->userhash : a->q->user;
	bool ext = d->utf8 && !is_ascii(user);	/* a hash is ASCII */
	const struct {
		const char	*name, *value, *quote;
	} params[] = {
		{ "Digest username", ext ? NULL : user, "\"" },
		{ "Digest username*", ext ? ext_value(a->ext, user) : NULL,
		    "" },
		{ ", realm", d->realm, "\"" },
		{ ", nonce", d->nonce, "\"" },
		{ ", uri", a->q->uri, "\"" },
		{ ", cnonce", a->qop != NULL || d->sess ? a->cnonce : NULL,
		    "\"" },
		{ ", nc", a->qop != NULL ? a->nc : NULL, "" },
		{ ", qop", a->qop, "" },
		{ ", response", a->response, "\"" },
		{ ", opaque", d->has_opaque ? d->opaque : NULL, "\"" },
		{ ", algorithm", d->algorithm[0] != '\0' ? d->algorithm :
		    NULL, "" },
		{ ", userhash", d->userhash ? "true" : NULL, "" },
	};
	enum al_code code = AL_OK;
	size_t i;

	for (i = 0; code == AL_OK &&
	    i < sizeof(params) / sizeof(params[0]); i++)
		code = put_param(b, params[i].name, params[i].value,
		    params[i].quote);
	return code;
}

static const char *
check(const struct al_digest_request *q)
{
	size_t len = strlen(q->cnonce);

	if (strlen(q->user) > AL_DIGEST_USER_MAX)
		return "the user name is too long";
	if (has_control(q->user) || has_control(q->uri))
		return "a control character in the user name or the target";
	if (len == 0 || len > AL_DIGEST_CNONCE_MAX || has_control(q->cnonce))
		return "a cnonce has 1 to 64 printable characters";
	return NULL;
}

/* All of the answer or nothing of it into out. */
static enum al_code
build(struct answer *a, struct al_buf *out, struct al_err *err)
{
	enum al_code code = hash_all(a);
	struct al_buf line;

	if (code != AL_OK)
		return no_hash(a->d, code, err);
	al_buf_init(&line, AL_DIGEST_ANSWER_MAX);
	code = write_answer(a, &line);
	if (code == AL_OK)
		code = al_buf_put(out, al_buf_head(&line), al_buf_len(&line));
	al_buf_fini(&line);
	if (code == AL_ELIMIT)
		return al_fail(err, AL_ELIMIT, AL_AT_PROXY, 0,
		    "the answer to the proxy's Digest challenge is too long");
	return code != AL_OK ? al_fail_nomem(err, AL_AT_PROXY) : AL_OK;
}

enum al_code
al_digest_answer(struct al_digest *d, const struct al_digest_request *q,
    struct al_buf *out, struct al_err *err)
{
	struct answer a = { .d = d, .q = q, .cnonce = q->cnonce };
	const char *why = check(q);
	enum al_code code;

	if (why != NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_PROXY, 0, "Digest: %s",
		    why);
	if (d->nc == UINT32_MAX)
		return al_fail(err, AL_ELIMIT, AL_AT_PROXY, 0, "Digest: the "
		    "proxy's nonce has been used as often as is possible");
	/* RFC 7616 3.4.2: the first cnonce makes the key of the session.
	 * Some proxies take the one of the request: let it be the same. */
	if (d->sess && d->nc > 0)
		a.cnonce = d->cnonce;
	if (d->qop != 0)
		a.qop = d->qop & AL_DIGEST_AUTH ? "auth" : "auth-int";
	(void)snprintf(a.nc, sizeof(a.nc), "%08x", d->nc + 1);
	code = build(&a, out, err);
	if (code == AL_OK) {
		d->nc++;
		memmove(d->cnonce, a.cnonce, strlen(a.cnonce) + 1);
	}
	explicit_bzero(&a, sizeof(a));
	return code;
}

enum al_code
al_digest_cnonce(char out[static AL_DIGEST_CNONCE_LEN + 1],
    struct al_err *err)
{
	uint8_t raw[AL_DIGEST_CNONCE_LEN / 2];
	enum al_code code = al_rng_bytes(raw, sizeof(raw), err);

	if (code == AL_OK)
		(void)al_hex_encode(out, raw, sizeof(raw));
	return code;
}

void
al_digest_fini(struct al_digest *d)
{
	explicit_bzero(d, sizeof(*d));
}
