/* proxy/socks4.c - SOCKS4 and 4a: one request, eight bytes in reply. */
#include <stdlib.h>
#include <string.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "proxy/proxy.h"

#define USER_MAX	255

/* VN 4 | CD 1 | port 2 | address 4 | user id 0..255, NUL | 4a: name, NUL */
#define REQUEST_MAX	(8 + USER_MAX + 1 + AL_HOST_MAX + 1)
/* VN 0 (some: 4) | CD | port 2 | address 4 */
#define REPLY_LEN	8

enum state { S_REQUEST, S_REPLY, S_DONE };

struct socks4 {
	enum state	state;
	uint8_t		request[REQUEST_MAX];
	size_t		request_len;
};

static enum al_hs
fail_code(uint8_t reply, struct al_err *err)
{
	static const struct {
		enum al_code	 code;
		int		 cause;
		const char	*text;
	} rows[] = {
		{ AL_ENET, 150, "rejected or failed (it gives no other "
		    "reason): ask whether it allows this host and port" },
		{ AL_EAUTH, 150, "it cannot reach the identd of this host, "
		    "which it demands" },
		{ AL_EAUTH, 131, "the identd of this host reports another "
		    "user id than the one that is configured" },
	};

	if (reply < 91 || reply > 93)
		(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, reply, 150,
		    "SOCKS4 reply %d, which does not exist", reply);
	else
		(void)al_fail_as(err, rows[reply - 91].code, AL_AT_PROXY,
		    reply, rows[reply - 91].cause, "SOCKS4 reply %d: %s",
		    reply, rows[reply - 91].text);
	return AL_HS_FAIL;
}

static enum al_hs
put_request(struct socks4 *m, struct al_buf *out, struct al_err *err)
{
	enum al_code code = al_buf_put(out, m->request, m->request_len);

	if (code != AL_OK) {
		(void)al_fail(err, code, AL_AT_PROXY, 0,
		    "no room for the SOCKS4 request");
		return AL_HS_FAIL;
	}
	m->state = S_REPLY;
	return AL_HS_MORE;
}

/* What came is an error already: the rest of the reply need not follow. */
static enum al_hs
get_reply(struct socks4 *m, struct al_buf *in, struct al_err *err)
{
	const uint8_t *p = al_buf_head(in);
	size_t len = al_buf_len(in);
	char shown[64];

	if (len > 0 && p[0] != 0 && p[0] != 4) {
		(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, 0, 121,
		    "not a SOCKS4 proxy: it answered \"%s\"%s",
		    al_str_clean(shown, sizeof(shown), p,
		    len < 60 ? len : 60),
		    p[0] == 'H' ? " (an HTTP proxy? try http://)" :
		    p[0] == 5 ? " (SOCKS5? try socks5h://)" : "");
		return AL_HS_FAIL;
	}
	if (len > 1 && p[1] != 90)
		return fail_code(p[1], err);
	if (len < REPLY_LEN)
		return AL_HS_MORE;
	al_buf_drain(in, REPLY_LEN);
	m->state = S_DONE;
	return AL_HS_DONE;
}

static enum al_hs
step(void *arg, struct al_buf *in, struct al_buf *out, struct al_err *err)
{
	struct socks4 *m = arg;

	if (m->state == S_REQUEST && put_request(m, out, err) == AL_HS_FAIL)
		return AL_HS_FAIL;
	return m->state == S_REPLY ? get_reply(m, in, err) : AL_HS_DONE;
}

static enum al_hs
eof(void *arg, struct al_buf *in, struct al_err *err)
{
	(void)arg;
	if (al_buf_len(in) == 0)
		(void)al_fail_as(err, AL_ENET, AL_AT_PROXY, 0, 121,
		    "closed the connection without an answer: is it a "
		    "SOCKS4 proxy?");
	else
		(void)al_fail_as(err, AL_ENET, AL_AT_PROXY, 0, 120,
		    "closed the connection in the middle of its SOCKS4 "
		    "reply");
	return AL_HS_FAIL;
}

static void
free_machine(void *arg)
{
	struct socks4 *m = arg;

	if (m != NULL)
		explicit_bzero(m, sizeof(*m));
	free(m);
}

static const struct al_hs_ops ops = {
	.name = "SOCKS4", .step = step, .eof = eof, .free = free_machine,
};

static enum al_code
refuse(struct al_err *err, const char *why)
{
	return al_fail(err, AL_EUSAGE, AL_AT_PROXY, 0, "SOCKS4: %s", why);
}

/* The address field; 4a puts 0.0.0.1 there and the name at the end. */
static enum al_code
address(const struct al_hop *hop, const char *host, uint8_t ip[4],
    const char **name, struct al_err *err)
{
	static const uint8_t marker[4] = { 0, 0, 0, 1 };
	struct al_addr a;

	*name = NULL;
	if (!al_addr_parse_ip(&a, host, 0)) {
		if (hop->kind != AL_PROXY_SOCKS4A)
			return refuse(err, "it takes IPv4 addresses only, "
			    "not names (socks4a takes names)");
		if (host[0] == '\0' || strlen(host) > AL_HOST_MAX)
			return refuse(err, "a host has 1 to 255 characters");
		if (!al_str_is_line(host, strlen(host)) ||
		    strchr(host, ' ') != NULL)
			return refuse(err, "a line break or a blank in the "
			    "host");
		*name = host;
		memcpy(ip, marker, 4);
		return AL_OK;
	}
	if (a.u.sa.sa_family != AF_INET)
		return refuse(err, "it knows no IPv6 addresses (socks5 "
		    "does)");
	memcpy(ip, &a.u.v4.sin_addr, 4);
	if (memcmp(ip, marker, 3) == 0)
		return refuse(err, "0.0.0.x is not an address of a host");
	return AL_OK;
}

enum al_code
al_socks4_machine(struct al_machine *out, const struct al_hop *hop,
    const char *host, uint16_t port, struct al_err *err)
{
	const char *user = hop->user != NULL ? hop->user : "", *name;
	struct socks4 *m;
	struct al_writer w;
	uint8_t ip[4];
	enum al_code code = address(hop, host, ip, &name, err);

	if (code != AL_OK)
		return code;
	if (strlen(user) > USER_MAX)
		return refuse(err, "a user id has at most 255 bytes");
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return al_fail_nomem(err, AL_AT_PROXY);
	w = al_writer(m->request, sizeof(m->request));
	al_write_u8(&w, 4);
	al_write_u8(&w, 1);
	al_write_u16(&w, port);
	al_write_bytes(&w, ip, 4);
	al_write_bytes(&w, user, strlen(user) + 1);
	if (name != NULL)
		al_write_bytes(&w, name, strlen(name) + 1);
	m->request_len = w.len;
	*out = (struct al_machine){ &ops, m };
	return AL_OK;
}
