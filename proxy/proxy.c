/* proxy/proxy.c - the right machine for a proxy. */
#include "proxy/proxy.h"

enum al_code
al_proxy_machine(struct al_machine *out, const struct al_hop *hop,
    const char *host, uint16_t port, const struct al_proxy_opts *o,
    struct al_err *err)
{
	static const struct al_proxy_opts none;

	switch (hop->kind) {
	case AL_PROXY_SOCKS4:
	case AL_PROXY_SOCKS4A:
		return al_socks4_machine(out, hop, host, port, err);
	case AL_PROXY_SOCKS5:
	case AL_PROXY_SOCKS5H:
		return al_socks5_machine(out, hop, host, port,
		    o != NULL ? o : &none, err);
	case AL_PROXY_HTTP:
	case AL_PROXY_HTTPS:
		break;
	}
	return al_connect_machine(out, hop, host, port,
	    o != NULL ? o : &none, err);
}

int
al_proxy_needs_address(enum al_proxy_kind kind)
{
	switch (kind) {
	case AL_PROXY_SOCKS4:
		return AF_INET;
	case AL_PROXY_SOCKS5:
		return AL_ANY_FAMILY;
	case AL_PROXY_HTTP:
	case AL_PROXY_HTTPS:
	case AL_PROXY_SOCKS4A:
	case AL_PROXY_SOCKS5H:
		break;
	}
	return 0;
}

/* --- what Kerberos is asked for ------------------------------------------- */
bool
al_proxy_need(const struct al_machine *m, struct al_proxy_need *need)
{
	if (m->ops == &al_connect_ops)
		return al_connect_need(m, need);
	return m->ops == &al_socks5_ops && al_socks5_need(m, need);
}

void
al_proxy_give(const struct al_machine *m, const void *token, size_t len,
    unsigned flags)
{
	if (m->ops == &al_connect_ops)
		al_connect_give(m, token, len);
	else if (m->ops == &al_socks5_ops)
		al_socks5_give(m, token, len, flags);
}

void
al_proxy_deny(const struct al_machine *m, const struct al_err *cause)
{
	if (m->ops == &al_connect_ops)
		al_connect_deny(m, cause);
	else if (m->ops == &al_socks5_ops)
		al_socks5_deny(m, cause);
}

enum al_proxy_level
al_proxy_level(const struct al_machine *m)
{
	return m->ops == &al_socks5_ops ? al_socks5_level(m) : AL_PROXY_BARE;
}
