/* connector/wire/client_hello.c - the name in the first message of a client. */
#include "connector/wire/client_hello.h"

#include <stdlib.h>
#include <string.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"

#define RECORD_HEADER	5
#define RECORD_MAX	16384
#define HANDSHAKE	22
#define CLIENT_HELLO	1
#define SERVER_NAME	0
#define HOST_NAME	0

static enum al_code
broken(struct al_err *err, const char *why)
{
	return al_fail(err, AL_EPROTO, AL_AT_TLS, 0, "a broken TLS hello: %s",
	    why);
}

static enum al_code
not_tls(const uint8_t *p, size_t len, struct al_err *err)
{
	char said[40];

	if (p[0] == 21)
		return al_fail(err, AL_EPROTO, AL_AT_TLS, 0,
		    "a TLS alert in place of a hello");
	/* RFC 5246 E.2: length with the top bit set, then the message type */
	if ((p[0] & 0x80) != 0 && (len < 3 || p[2] == CLIENT_HELLO))
		return al_fail(err, AL_EPROTO, AL_AT_TLS, 0,
		    "not TLS: a hello of SSL 2.0, perhaps");
	return al_fail(err, AL_EPROTO, AL_AT_TLS, 0,
	    "not TLS: the client sent \"%s\"", al_str_clean(said, sizeof(said),
	    p, len < 64 ? len : 64));
}

/*
 * RFC 8446 5.1, a record:  type u8 (22), version u16 (3.x), length u16 (not
 * 0), bytes.  The message may be cut into records anywhere.
 *
 * Copies what the records at p hold into msg, at most cap bytes, and says how
 * many there are; msg may be NULL.
 */
static enum al_code
unpack(const uint8_t *p, size_t len, uint8_t *msg, size_t cap, size_t *have,
    struct al_err *err)
{
	size_t n, part;

	*have = 0;
	while (len > 0 && *have < cap) {
		if (p[0] != HANDSHAKE)
			return broken(err, "another record in the middle");
		if (len > 1 && p[1] != 3)
			return broken(err, "not a version of TLS");
		if (len < RECORD_HEADER)
			break;
		n = al_get_u16(p + 3);
		if (n == 0 || n > RECORD_MAX)
			return broken(err, "a record of a forbidden length");
		p += RECORD_HEADER;
		len -= RECORD_HEADER;
		part = n < len ? n : len;
		n = part < cap - *have ? part : cap - *have;
		if (msg != NULL)
			memcpy(msg + *have, p, n);
		*have += n;
		p += part;
		len -= part;
	}
	return AL_OK;
}

/* RFC 6066 3:  name u8 (0), length u16, host name; in a list, length u16 */
static enum al_code
server_name(struct al_reader r, struct al_client_hello *h,
    struct al_err *err)
{
	struct al_reader list = al_read_part(&r, al_read_u16(&r)), name;
	uint8_t type;

	if (r.bad || r.len > 0 || list.len == 0)
		return broken(err, "a broken server name");
	while (list.len > 0) {
		type = al_read_u8(&list);
		name = al_read_part(&list, al_read_u16(&list));
		if (list.bad || (type == HOST_NAME && h->sni[0] != '\0'))
			return broken(err, "a broken server name");
		if (type != HOST_NAME)
			continue;
		if (name.len == 0 || name.len > AL_HOST_MAX)
			return broken(err, "a server name of a forbidden "
			    "length");
		for (size_t i = 0; i < name.len; i++) {
			char c = (char)name.p[i];

			if (!al_is_alnum(c) && c != '-' && c != '.' &&
			    c != '_')
				return broken(err, "a server name with "
				    "forbidden characters");
			h->sni[i] = al_lower(c);
		}
		h->sni[name.len] = '\0';
	}
	return AL_OK;
}

/* extension:  type u16, length u16, bytes */
static enum al_code
extensions(struct al_reader r, struct al_client_hello *h, struct al_err *err)
{
	struct al_reader value;
	enum al_code code;
	bool seen = false;
	uint16_t type;

	while (r.len > 0) {
		type = al_read_u16(&r);
		value = al_read_part(&r, al_read_u16(&r));
		if (r.bad)
			return broken(err, "an extension is cut short");
		if (type != SERVER_NAME)
			continue;
		if (seen)
			return broken(err, "two server name extensions");
		seen = true;
		code = server_name(value, h, err);
		if (code != AL_OK)
			return code;
	}
	return AL_OK;
}

/*
 * RFC 8446 4.1.2, behind type u8 and length u24:  version u16, random 32,
 * session id u8 length, cipher suites u16 length, compressions u8 length,
 * extensions u16 length (before TLS 1.3 they may be missing)
 */
static enum al_code
hello(struct al_reader r, struct al_client_hello *h, struct al_err *err)
{
	struct al_reader session, suites, compressions, list;
	uint16_t version = al_read_u16(&r);

	(void)al_read_bytes(&r, 32);
	session = al_read_part(&r, al_read_u8(&r));
	suites = al_read_part(&r, al_read_u16(&r));
	compressions = al_read_part(&r, al_read_u8(&r));
	if (r.bad || version >> 8 != 3 || session.len > 32 ||
	    suites.len < 2 || suites.len % 2 != 0 || compressions.len < 1)
		return broken(err, "its fields do not fit its length");
	if (r.len == 0)
		return AL_OK;
	list = al_read_part(&r, al_read_u16(&r));
	if (r.bad || r.len > 0)
		return broken(err, "its extensions do not fit its length");
	return extensions(list, h, err);
}

/* The message, of total bytes, is wholly there. */
static enum al_code
whole(const uint8_t *p, size_t len, size_t total, struct al_client_hello *h,
    struct al_err *err)
{
	uint8_t *msg = malloc(total);
	enum al_code code;
	size_t have;

	if (msg == NULL)
		return al_fail_nomem(err, AL_AT_TLS);
	code = unpack(p, len, msg, total, &have, err);
	if (code == AL_OK)
		code = hello(al_reader(msg + 4, total - 4), h, err);
	free(msg);
	return code;
}

enum al_code
al_client_hello_parse(const void *p, size_t len, struct al_client_hello *h,
    struct al_err *err)
{
	const uint8_t *in = p;
	uint8_t start[4];
	enum al_code code;
	size_t have, total;

	h->sni[0] = '\0';
	if (len == 0)
		return AL_AGAIN;
	if (in[0] != HANDSHAKE)
		return not_tls(in, len, err);
	code = unpack(in, len, start, sizeof(start), &have, err);
	if (code != AL_OK)
		return code;
	if (have > 0 && start[0] != CLIENT_HELLO)
		return broken(err, "another message in its place");
	if (have == sizeof(start)) {
		total = sizeof(start) + ((size_t)start[1] << 16 |
		    (size_t)al_get_u16(start + 2));
		if (total > AL_CLIENT_HELLO_MAX)
			return al_fail(err, AL_ELIMIT, AL_AT_TLS, 0,
			    "a TLS hello of %zu bytes: more than %d are not "
			    "read", total, AL_CLIENT_HELLO_MAX);
		code = unpack(in, len, NULL, total, &have, err);
		if (code != AL_OK)
			return code;
		if (have == total)
			return whole(in, len, total, h, err);
	}
	return len < AL_CLIENT_HELLO_MAX ? AL_AGAIN :
	    al_fail(err, AL_ELIMIT, AL_AT_TLS, 0,
	    "a TLS hello that does not end within %d bytes",
	    AL_CLIENT_HELLO_MAX);
}
