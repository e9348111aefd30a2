/* connector/session/workspace.h - how a program reaches its workspace host. */
#ifndef AL_SESSION_WORKSPACE_H
#define AL_SESSION_WORKSPACE_H

#include <stdbool.h>

#include "connector/base/err.h"
#include "connector/base/url.h"
#include "connector/session/client.h"
#include "pac/choose.h"
#include "pac/result.h"

/* What follows when a PAC file that should be asked cannot be: never a direct
 * connection that nobody has allowed. */
enum al_pac_failure {
	AL_PAC_FAILURE_NEXT,	/* the next source; if none names a proxy:
				 * an error                               */
	AL_PAC_FAILURE_BLOCK,	/* an error                               */
	AL_PAC_FAILURE_DIRECT
};

/* All borrowed until return; NULL: not given. */
struct al_workspace_opts {
	const char		*url;		/* https or wss; NULL: only
						 * other hosts are wanted   */
	const char		*ca_file, *tls_min, *tls_ciphers;
	/* Of https proxies; the key may be in the file of our certificate. */
	const char		*proxy_ca_file, *proxy_cert_file;
	const char		*proxy_key_file;
	/* Of the choice of proxies; its get_env is ours (the environment),
	 * with AL_WORKSPACE_NO_ENV nobody's. */
	struct al_choose_opts	 choose;
	/* For every proxy that has none in its URL; a password alone is for
	 * those whose URL has the user. */
	const char		*proxy_user, *proxy_password;
	/* Those of them that get it, as in no_proxy; NULL: all. */
	const char		*credentials_for;
	unsigned		 proxy_schemes;	/* AL_AUTH_BIT; 0: all      */
	/* Kerberos: the service if it is not HTTP@proxy, and where the
	 * ticket or key is if it is not where the system has it. */
	const char		*proxy_spn, *proxy_ccache, *proxy_keytab;
	const char		*proxy_user_agent;	/* in CONNECT       */
	/* A PAC file: a URL or an absolute path. */
	const char		*pac;
	enum al_pac_failure	 pac_failure;
	enum al_pac_socks	 pac_socks;
	/* Where WPAD may look; none: nowhere.  32 bytes: the SHA-256 that the
	 * file must have. */
	const char *const	*wpad_domains;
	size_t			 n_wpad_domains;
	const uint8_t		*wpad_sha256;
	/* Something that the log should know: event is "pac-loaded",
	 * "pac-kept", "pac-failed", "pac-alert", "pac-warning",
	 * "system-settings". */
	void			(*on_note)(void *arg, const char *event,
				    const char *text);
	void			*note_arg;
	unsigned		 flags;		/* AL_WORKSPACE_*           */
	unsigned		 resolve_flags;	/* AL_RESOLVE_*             */
};

#define AL_WORKSPACE_NO_ENV	1u	/* ignore the proxy environment */
#define AL_WORKSPACE_SYSTEM	2u	/* the system's settings count too */

/* Read once: what changes needs a new one. */
struct al_workspace;

/* EUSAGE (stage config), or what is wrong with the TLS files. */
struct al_workspace *al_workspace_new(const struct al_workspace_opts *o,
    struct al_err *err);
void al_workspace_free(struct al_workspace *w);	/* wipes; NULL is fine */

/* Of the workspace host; only when url was given.  Valid as long as w. */
const struct al_url *al_workspace_url(const struct al_workspace *w);
/* "acme.us1.alpacon.io", "...:8443" when the port is not 443. */
const char *al_workspace_authority(const struct al_workspace *w);
/* Fill t for a client, which finds the way anew for each attempt; path and
 * authorization are borrowed with it. */
void al_workspace_target(struct al_workspace *w, const char *path,
    const char *authorization, struct al_client_target *t);

struct al_tls_ctx *al_workspace_tls(const struct al_workspace *w);
struct al_tls_ctx *al_workspace_proxy_tls(const struct al_workspace *w);
const struct al_dial_login *al_workspace_login(const struct al_workspace *w);

/*
 * The choice for a URL of what is known without asking anybody (find.h asks):
 * fini it.
 */
enum al_code al_workspace_choose(const struct al_workspace *w,
    const char *url, struct al_choice *c, struct al_err *err) AL_MUST_CHECK;

#endif
