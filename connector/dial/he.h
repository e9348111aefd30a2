/* connector/dial/he.h - Happy Eyeballs v2 (RFC 8305): TCP to a name. */
#ifndef AL_DIAL_HE_H
#define AL_DIAL_HE_H

#include "connector/dial/dial.h"
#include "connector/loop/resolve.h"

struct al_he;		/* one race; dies when it has reported */

struct al_he_opts {
	const char	*host;		/* name or literal             */
	uint16_t	 port;
	unsigned	 resolve_flags;
	unsigned	 connect_ms;	/* since the first connect     */
	unsigned	 stagger_ms;	/* 0: 250, between connects    */
	unsigned	 resolution_ms;	/* 0: 50, of waiting for IPv6  */
	bool		(*allow_addr)(void *arg, const struct al_addr *a);
	/* dns and tcp; route and hop are the caller's to fill in. */
	void		(*on_step)(void *arg, struct al_step *s);
	void		*arg;
};

/*
 * One call, from the loop: the connected socket (yours), or -1 and err, whose
 * text names the addresses that were tried (not the host).
 */
typedef void al_on_he(void *arg, int fd, const struct al_err *err);

/* Copies the options. */
struct al_he *al_he_start(struct al_loop *loop, struct al_resolver *r,
    const struct al_he_opts *opts, al_on_he *on_he, void *arg,
    struct al_err *err);
void al_he_cancel(struct al_he *h);

#endif
