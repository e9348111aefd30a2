/* connector/session/workspace_int.h - what workspace.c and find.c share. */
#ifndef AL_SESSION_WORKSPACE_INT_H
#define AL_SESSION_WORKSPACE_INT_H

#include "connector/session/workspace.h"

struct al_workspace {
	struct al_url		 url;
	bool			 has_url;
	char			*url_text;
	char			 authority[AL_AUTHORITY_TEXT];
	struct al_tls_ctx	*tls, *proxy_tls, *pac_tls;
	struct al_dial_login	 login;
	unsigned		 resolve_flags;
	/* what is known without asking; texts are ours */
	struct al_choose_opts	 choose;
	char			**command, **config;
	char			*no_proxy, *proxy_user, *proxy_password;
	char			*credentials_for;
	char			*spn, *ccache, *keytab, *user_agent;
	struct al_addr		*listeners;
	/* what is asked, and how */
	char			*pac;
	enum al_pac_failure	 pac_failure;
	enum al_pac_socks	 pac_socks;
	char			**wpad_domains;
	size_t			 n_wpad_domains;
	bool			 has_wpad_sha256, ask_system;
	uint8_t			 wpad_sha256[32];
	void			(*on_note)(void *arg, const char *event,
				    const char *text);
	void			*note_arg;
	struct al_sources	*sources;	/* find.c's; NULL: nobody has
						 * been asked yet */
	bool			 retired;	/* they go with the finds  */
};

/* The choice by o, which is w->choose with what was answered. */
enum al_code al_workspace_choose_with(const struct al_workspace *w,
    const char *url, const struct al_choose_opts *o, struct al_choice *c,
    struct al_err *err) AL_MUST_CHECK;

/* Is there a PAC file to be asked before the sources behind it? */
static inline bool
al_workspace_has_questions(const struct al_workspace *w)
{
	return w->pac != NULL && w->choose.n_command == 0 &&
	    w->choose.n_config == 0;
}

void al_sources_free(struct al_sources *s);	/* NULL is fine */

#endif
