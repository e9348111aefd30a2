/* connector/session/workspace.h - how a program reaches its workspace host. */
#ifndef AL_SESSION_WORKSPACE_H
#define AL_SESSION_WORKSPACE_H

#include "connector/base/err.h"
#include "connector/base/url.h"
#include "connector/session/client.h"
#include "proxy/route.h"

struct al_choice;	/* pac/choose.h */

/* All borrowed until return; NULL: not given. */
struct al_workspace_opts {
	const char		*url;		/* https or wss             */
	const char		*ca_file, *tls_min, *tls_ciphers;
	const struct al_route	*route;		/* configured alternatives,
						 * credentials in place; none:
						 * the environment's turn   */
	const char		*proxy_ca_file;
	const char		*no_proxy;	/* beside the environment's */
	const char *const	*listeners;	/* ours, NULL ended: a proxy
						 * that is one is a loop    */
	unsigned		 flags;		/* AL_WORKSPACE_*           */
	unsigned		 resolve_flags;
};

#define AL_WORKSPACE_NO_ENV	1u	/* ignore the proxy environment */

struct al_workspace;

/* EUSAGE (config) or the TLS files' errors. */
struct al_workspace *al_workspace_new(const struct al_workspace_opts *o,
    struct al_err *err);
void al_workspace_free(struct al_workspace *w);		/* wipes */

const struct al_url *al_workspace_url(const struct al_workspace *w);
/* "acme.us1.alpacon.io", "...:8443" when the port is not 443. */
const char *al_workspace_authority(const struct al_workspace *w);
/* The route that was chosen and why (valid as long as w). */
const struct al_choice *al_workspace_choice(const struct al_workspace *w);
const struct al_route *al_workspace_route(const struct al_workspace *w);
struct al_tls_ctx *al_workspace_tls(const struct al_workspace *w);
struct al_tls_ctx *al_workspace_proxy_tls(const struct al_workspace *w);

/* Fill t for a client; path and authorization are borrowed with it. */
void al_workspace_target(const struct al_workspace *w, const char *path,
    const char *authorization, struct al_client_target *t);

/*
 * Another host through the same proxies (direct mode, local proxy listener):
 * the route for it, chosen by the same rules; fini it.
 */
enum al_code al_workspace_route_for(const struct al_workspace *w,
    const char *scheme, const char *host, uint16_t port,
    struct al_route *route, struct al_err *err) AL_MUST_CHECK;

#endif
