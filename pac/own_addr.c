/* pac/own_addr.c - which address of ours the network sees. */
#include "pac/own_addr.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT	80	/* any: nothing goes there */

/* The same hosts as Chromium's, so that scripts see the same address. */
static const char *const public_hosts[] = {
	"8.8.8.8", "2001:4860:4860::8888", NULL
};
static const char *const private_hosts[] = {
	"10.0.0.0", "172.16.0.0", "192.168.0.0", "fc00::", NULL
};

bool
al_own_is_fit(const struct al_addr *a)
{
	if (al_addr_is_loopback(a) || al_addr_is_link_local(a))
		return false;
	if (a->u.sa.sa_family == AF_INET)
		return a->u.v4.sin_addr.s_addr != INADDR_ANY;
	return !IN6_IS_ADDR_UNSPECIFIED(&a->u.v6.sin6_addr);
}

static bool
probe(struct al_addr *out, const char *host)
{
	struct al_addr to;
	bool ok;
	int fd;

	if (!al_addr_parse_ip(&to, host, PORT))
		return false;
	fd = socket(to.u.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	memset(out, 0, sizeof(*out));
	out->len = sizeof(out->u);
	ok = connect(fd, &to.u.sa, to.len) == 0 &&
	    getsockname(fd, &out->u.sa, &out->len) == 0 && al_own_is_fit(out);
	(void)close(fd);
	return ok;
}

static bool
has(const struct al_addr *addrs, size_t n, const struct al_addr *a)
{
	char one[AL_ADDR_TEXT], other[AL_ADDR_TEXT];
	size_t i;

	(void)al_addr_format_ip(a, one);
	for (i = 0; i < n; i++)
		if (strcmp(one, al_addr_format_ip(&addrs[i], other)) == 0)
			return true;
	return false;
}

size_t
al_own_addrs(struct al_addr out[static AL_OWN_MAX], enum al_own_toward toward,
    enum al_own_families families)
{
	const char *const *host = toward == AL_OWN_PUBLIC ? public_hosts :
	    private_hosts;
	size_t n = 0;

	for (; *host != NULL && n < AL_OWN_MAX; host++) {
		if (families == AL_OWN_IPV4 && strchr(*host, ':') != NULL)
			continue;
		if (probe(&out[n], *host) && !has(out, n, &out[n]))
			n++;
	}
	return n;
}
