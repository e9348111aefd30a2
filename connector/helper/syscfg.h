/* connector/helper/syscfg.h - the desktop's proxies, by a helper process. */
#ifndef AL_HELPER_SYSCFG_H
#define AL_HELPER_SYSCFG_H

#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"

struct al_loop;

/* --- what travels between the library and alpacon-syscfg-helper -----------
 * Messages of child.h, at most AL_SYSCFG_MSG_MAX bytes; numbers are
 * big-endian.  Never a path and never user info: libproxy 0.4 leaks them.
 *
 *   question: | scheme, u8 | port, u16 | host: the rest |
 *   answer:   any number of | kind, u8 | length, u16 | text |
 *
 *  PROXY    a URL as libproxy gives it: "socks://h:1080", "direct://"
 *  PAC      the URL of the desktop's PAC file; empty: it wants WPAD
 *  REFUSED  a sentence; nothing else is in the answer
 */
#define AL_SYSCFG_MSG_MAX	(16u << 10)

enum al_syscfg_scheme { AL_SYSCFG_HTTP, AL_SYSCFG_HTTPS };

enum al_syscfg_kind {
	AL_SYSCFG_PROXY = 1, AL_SYSCFG_PAC = 2, AL_SYSCFG_REFUSED = 3
};

/* --- for the caller ------------------------------------------------------- */
#define AL_SYSCFG_NOTHING	"no answer"

struct al_syscfg_opts {
	const char	*helper;	/* absolute; NULL: the installed one, or
					 * what ALPACON_SYSCFG_HELPER names   */
	enum al_syscfg_scheme scheme;
	const char	*host;		/* IPv6 without brackets              */
	uint16_t	 port;
	unsigned	 deadline_ms;	/* 0 means 3000                       */
};

/* Texts live until the callback returns. */
struct al_syscfg_result {
	/* What al_route_add takes, in the order of the settings; at most
	 * AL_ROUTE_MAX.  They may hold passwords. */
	const char *const	*proxies;
	size_t			 n;
	/* The desktop's PAC file, not read; "" for WPAD; NULL: none. */
	const char		*pac;
	/* Why there are no proxies, for people: nothing is set, the helper
	 * has failed...  NULL when there are. */
	const char		*why;
};

/* One call, from the loop; the object dies when it returns. */
typedef void al_on_syscfg(void *arg, const struct al_syscfg_result *r);

struct al_syscfg;

/* Copies opts.  NULL and *err when the helper cannot be started. */
struct al_syscfg *al_syscfg_start(struct al_loop *loop,
    const struct al_syscfg_opts *opts, al_on_syscfg *on_syscfg, void *arg,
    struct al_err *err);
/* Kills the helper; no callback. */
void al_syscfg_cancel(struct al_syscfg *s);

#endif
