/* connector/netcheck/pac.h - the command "pac": ask a PAC file, and explain. */
#ifndef AL_NETCHECK_PAC_H
#define AL_NETCHECK_PAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "pac/result.h"

#define PAC_DNS_MAX	32
#define PAC_OWN_MAX	8

struct netcheck;

struct pac_dns {
	char		name[AL_HOST_MAX + 1];
	struct al_addr	addr;
	bool		has_addr;	/* no: it does not resolve */
};

struct pac_opts {
	const char		*file;		/* URL or path            */
	const char		*url;		/* what is asked about    */
	bool			 json;
	int64_t			 clock_ms;	/* 0: the real time       */
	enum al_pac_socks	 socks;
	/* Once one is given, no other name is asked of the real DNS. */
	struct pac_dns		 dns[PAC_DNS_MAX];
	size_t			 n_dns;
	struct al_addr		 own[PAC_OWN_MAX];	/* none: the real */
	size_t			 n_own;
};

/* Values of --at, --my-ip and --dns.  EUSAGE and a sentence. */
enum al_code pac_take_time(struct pac_opts *o, const char *text,
    struct al_err *err) AL_MUST_CHECK;
enum al_code pac_take_own(struct pac_opts *o, const char *text,
    struct al_err *err) AL_MUST_CHECK;
enum al_code pac_take_dns(struct pac_opts *o, const char *text,
    struct al_err *err) AL_MUST_CHECK;

/* Runs the loop and prints; the exit status, or -1 and err. */
int netcheck_pac(struct netcheck *n, const struct pac_opts *o,
    struct al_err *err);

#endif
