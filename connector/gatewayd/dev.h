/* connector/gatewayd/dev.h - --dev: a gateway to try things with, from nothing. */
#ifndef AL_GATEWAYD_DEV_H
#define AL_GATEWAYD_DEV_H

#include "connector/base/addr.h"
#include "connector/base/err.h"

struct al_dev_opts {
	const char	*listen;	/* NULL: 127.0.0.1:8443 */
	const char	*backend;	/* NULL: none           */
	const char	*dir;		/* NULL: a new one      */
};

struct al_dev {
	char	*dir;		/* absolute             */
	char	*config;	/* the gateway's own    */
};

/*
 * Fill a folder (0700) with a CA, a certificate for localhost and this host's
 * name, settings, one connector and one operator.  What is there already is
 * used again.
 */
enum al_code al_dev_prepare(struct al_dev *d, const struct al_dev_opts *o,
    struct al_err *err) AL_MUST_CHECK;
void al_dev_fini(struct al_dev *d);

/* The gateway listens on a: write the others' settings and print what to type
 * next. */
enum al_code al_dev_announce(const char *dir, const struct al_addr *a,
    struct al_err *err) AL_MUST_CHECK;

#endif
