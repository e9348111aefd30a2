/* connector/netcheck/causes.h - what NC-nnn means, and what helps. */
#ifndef AL_NETCHECK_CAUSES_H
#define AL_NETCHECK_CAUSES_H

#include <stddef.h>
#include <stdio.h>

enum al_confidence { AL_CERTAIN, AL_LIKELY, AL_GUESS };

/* In the texts {host}, {port}, {proxy} and {service} (the proxy's in Kerberos)
 * stand for what was checked. */
struct al_cause {
	int			 code;		/* 141 for NC-141            */
	int			 exit;		/* 0: the check's            */
	enum al_confidence	 confidence;
	const char		*text;		/* one sentence              */
	const char		*remedy;	/* what the reader does      */
	const char		*ask;		/* to paste to the network
						 * team; NULL: not theirs    */
};

/* Never NULL: codes that are not in the table are NC-199. */
const struct al_cause *al_cause_find(int code);
/* The i-th of the table, NULL behind the last. */
const struct al_cause *al_cause_at(size_t i);
const char *al_confidence_name(enum al_confidence c);	/* "certain" */

struct al_cause_names {
	const char	*host, *port, *proxy, *service;
};

/* Fill in the names; what does not fit is cut.  Returns out. */
char *al_cause_expand(char *out, size_t cap, const char *text,
    const struct al_cause_names *n);

/* The product whose name is in the issuer of a certificate that was made on
 * the way ("Zscaler"), or NULL. */
const char *al_inspector(const char *issuer);

#endif
