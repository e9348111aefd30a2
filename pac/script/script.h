/* pac/script/script.h - the functions that a PAC script may call, in C. */
#ifndef AL_PAC_SCRIPT_SCRIPT_H
#define AL_PAC_SCRIPT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pac/wire.h"

/*
 * Pure: no engine, no system call but the C library's local time.  Linked into
 * the helpers (pac/helper), whose engines hand the arguments over as values
 * and take one back.  The functions do what Firefox and Chromium do.
 */
enum al_value_kind {
	AL_VALUE_UNDEFINED,	/* also: not given */
	AL_VALUE_NULL,
	AL_VALUE_BOOL,
	AL_VALUE_NUMBER,
	AL_VALUE_STRING,	/* UTF-8, may hold NUL, not ended by it;
				 * text is not NULL                       */
	AL_VALUE_REGEXP,	/* only as a result: the engine tests text
				 * against the pattern, that is the answer */
	AL_VALUE_THROW		/* only as a result: the engine throws an
				 * Error with the text, as browsers do for
				 * isPlainHostName(null) and the like      */
};

struct al_value {
	enum al_value_kind	 kind;
	bool			 boolean;
	double			 number;
	const char		*text;
	size_t			 len;
};

struct al_script_ip {		/* of a look-up */
	uint8_t	family;		/* 4, 6         */
	uint8_t	bytes[16];
};

/* What the functions want from outside. */
struct al_script_host {
	/* Milliseconds since 1970, UTC. */
	int64_t	(*clock_ms)(void *arg);
	/* At most AL_PAC_ADDRS_MAX; 0: none, the look-up has failed.  name is
	 * ended by NUL, never longer than AL_SCRIPT_NAME_MAX, may be UTF-8;
	 * "" for one's own, and only then.  Addresses are not asked for, but
	 * in odd forms ("10.1", "010.0.0.1") they count as names. */
	size_t	(*lookup)(void *arg, enum al_pac_what what, const char *name,
		    struct al_script_ip out[AL_PAC_ADDRS_MAX]);
	void	(*alert)(void *arg, const char *text, size_t len);
	void	*arg;
};

#define AL_SCRIPT_ARGS_MAX	8	/* an engine passes no more          */
#define AL_SCRIPT_TEXT_MAX	8192	/* of a result                       */
#define AL_SCRIPT_NAME_MAX	1023	/* of a name to look up              */

struct al_call {
	const struct al_script_host	*host;
	const struct al_value		*args;
	size_t				 n;
	struct al_value			 result;	/* UNDEFINED at first */
	/* Where a result's text may be put; of AL_VALUE_REGEXP: the pattern
	 * is result.text, what it is tested against is args[0]. */
	char				 text[AL_SCRIPT_TEXT_MAX];
};

typedef void al_script_fn(struct al_call *c);

/* Ends with a NULL name: "shExpMatch", "dnsResolve", ... */
struct al_script_function {
	const char	*name;
	al_script_fn	*fn;
	/* Arguments at these places (bit 0: the first) are made strings by the
	 * engine before the call, as the browsers' functions would use them;
	 * the others come as they are (objects as strings, too).  Only those
	 * that the script has given: n stays, nothing is added. */
	unsigned	 strings;
};
extern const struct al_script_function al_script_functions[];

/* true: matched as a glob, *matches says; false: the engine's regular
 * expressions must do it, because the pattern has more than literals, '*' and
 * '?' or because '?' meets a text with characters beyond 16 bits, of which it
 * is half a one.  Takes len * pattern_len steps at most. */
bool al_script_glob(const char *text, size_t len, const char *pattern,
    size_t pattern_len, bool *matches);

#endif
