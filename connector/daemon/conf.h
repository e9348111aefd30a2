/* connector/daemon/conf.h - a program's settings: files, environment, flags. */
#ifndef AL_DAEMON_CONF_H
#define AL_DAEMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "proxy/route.h"

/*
 * Each program declares its keys in one table.  Parsing, checking, the nearest
 * name for a wrong one, flags, environment and -T all come from it:
 *
 *	static const struct al_conf_key keys[] = {
 *		{ .key = "url", .type = AL_CONF_URL, .env = "ALPACON_URL" },
 *		{ .key = "proxy", .type = AL_CONF_PROXY,
 *		    .flags = AL_CONF_LIST },
 *		{ .section = "forward", .key = "listen",
 *		    .type = AL_CONF_LOOPBACK,
 *		    .flags = AL_CONF_NAMED | AL_CONF_REQUIRED },
 *	};
 *
 * Flags win over environment over files over defaults.  A list is taken whole
 * from the strongest source that has it.  In one file a key that is no list
 * may stand once; a file read later (a drop-in) overrides it.
 */
enum al_conf_type {
	AL_CONF_TEXT,		/* anything but nothing                    */
	AL_CONF_PATH,		/* relative: to the folder of its file;
				 * "credential:NAME": secret.h             */
	AL_CONF_BOOL,		/* yes no, true false, on off, 1 0         */
	AL_CONF_UINT,		/* min to max                              */
	AL_CONF_TIME,		/* "250ms" "30s" "5m" "1h", "30" are s     */
	AL_CONF_SIZE,		/* "65536" "64K" "16M" "1G"                */
	AL_CONF_CHOICE,		/* one of words: "text|json"               */
	AL_CONF_URL,		/* http, https, ws or wss, no user info    */
	AL_CONF_PROXY,		/* an alternative (proxy/route.h), "none"  */
	AL_CONF_HOSTPORT,	/* "host:port", "[v6]:port"                */
	AL_CONF_LISTEN,		/* "127.0.0.1:0", "[::]:443", ":443", "443" */
	AL_CONF_LOOPBACK	/* the same, loopback only ("443": v4)     */
};

#define AL_CONF_LIST		1u	/* may be repeated                 */
#define AL_CONF_NAMED		2u	/* of [section "name"], not [section] */
#define AL_CONF_REQUIRED	4u	/* in each such section, if named  */
#define AL_CONF_SECRET		8u	/* *** in -T; from files only      */
#define AL_CONF_OR_URL		16u	/* a PATH that may be a URL, too   */

struct al_conf_key {
	const char	*section;	/* NULL: in front of all sections  */
	const char	*key;
	enum al_conf_type type;
	unsigned	 flags;
	const char	*def;		/* NULL: none; a list's by lines   */
	const char	*words;		/* of AL_CONF_CHOICE               */
	uint64_t	 min, max;	/* of UINT, SIZE, TIME (ms); max 0: none */
	const char	*env;		/* "ALPACON_..."                   */
	/* More than the type: EUSAGE and a sentence about text alone. */
	enum al_code	(*check)(const char *text, struct al_err *err);
};

enum al_conf_source {
	AL_CONF_DEFAULT,
	AL_CONF_FILE,
	AL_CONF_ENV,
	AL_CONF_FLAG
};

struct al_conf_value {
	const struct al_conf_key *key;
	const char		*name;	/* of the section, "" if none      */
	char			*text;
	const char		*from;	/* "/etc/x.conf", "ALPACON_URL", "--url" */
	unsigned		 line;	/* of a file; 0: none              */
	enum al_conf_source	 source;
};

struct al_conf;

/* keys are kept, values point into them.  NULL: no memory. */
struct al_conf *al_conf_new(const struct al_conf_key *keys, size_t n);
void al_conf_free(struct al_conf *c);	/* wipes every value; NULL is fine */

/* --- giving: in the order of strength, then al_conf_finish ----------------- */
#define AL_CONF_OPTIONAL	1u	/* no such file: nothing happens   */
/*
 * The agent's own file, read as the agent does: keys and sections that are
 * not in the table are skipped, the last of several wins, '#' and ';' begin a
 * comment wherever they stand, an empty value is none, and it may be readable
 * by others.  It gives only what no file before it has given.
 */
#define AL_CONF_FOREIGN		2u

/*
 * The file, then what its `include = PATH` lines name, in their order: a file,
 * or the *.conf of a folder sorted by name.  An included file includes none.
 * Fails with EUSAGE and "FILE:LINE: [section] key: ..." (EAUTH when the file
 * holds a secret, a proxy's password included, and others may read it).
 */
enum al_code al_conf_read(struct al_conf *c, const char *path, unsigned flags,
    struct al_err *err) AL_MUST_CHECK;
/* The same for a text; mode is what its file would have. */
enum al_code al_conf_read_text(struct al_conf *c, const char *path,
    const char *text, size_t len, unsigned mode, unsigned flags,
    struct al_err *err) AL_MUST_CHECK;
/* The variables that the table names; an empty one counts as not set. */
enum al_code al_conf_read_env(struct al_conf *c, struct al_err *err)
    AL_MUST_CHECK;
/* A key in front of all sections, given by the flag ("--proxy").  A proxy's
 * password is refused there: everyone on the machine can read it. */
enum al_code al_conf_set(struct al_conf *c, const char *key, const char *text,
    const char *flag, struct al_err *err) AL_MUST_CHECK;
/* Defaults are filled in, what is required must be there. */
enum al_code al_conf_finish(struct al_conf *c, struct al_err *err)
    AL_MUST_CHECK;

/* --- asking, after al_conf_finish ------------------------------------------
 * section NULL: in front of all; name "" or NULL: not a named section.
 * section and key must be of the table.  Pointers live as long as c. */

/* The name of the i-th [section "name"] in the order of the files, or NULL. */
const char *al_conf_name(const struct al_conf *c, const char *section,
    size_t i);
/* The i-th value (0: the one value of what is no list), or NULL. */
const struct al_conf_value *al_conf_get(const struct al_conf *c,
    const char *section, const char *name, const char *key, size_t i);
/* Not set: NULL, 0, false. */
const char *al_conf_text(const struct al_conf *c, const char *section,
    const char *name, const char *key);
bool al_conf_bool(const struct al_conf *c, const char *section,
    const char *name, const char *key);
/* Of UINT and SIZE; milliseconds of TIME. */
uint64_t al_conf_uint(const struct al_conf *c, const char *section,
    const char *name, const char *key);
/* Of LISTEN and LOOPBACK: false when not set. */
bool al_conf_listen(const struct al_conf_value *v, struct al_addr *addr);

/* EUSAGE: "/etc/x.conf:12: [forward "db"] target: " and the sentence. */
enum al_code al_conf_fail(const struct al_conf_value *v, struct al_err *err,
    const char *fmt, ...) AL_PRINTF(3, 4);
/* Put that place in front of a sentence. */
void al_conf_blame(const struct al_conf_value *v, struct al_err *err);
/* "/etc/x.conf:12", "--url", "ALPACON_URL", "default". */
const char *al_conf_place(const struct al_conf_value *v, char *buf,
    size_t cap);

/* -T: every setting that has a value, each under a comment that says where it
 * came from; secrets and user info of URLs as ***.  Is itself a valid file. */
void al_conf_print(const struct al_conf *c, FILE *out);

/* --- of the types, for other users ------------------------------------------ */
/* EUSAGE and a sentence about text when it is not of the key's type. */
enum al_code al_conf_check_type(const struct al_conf_key *k, const char *text,
    struct al_err *err) AL_MUST_CHECK;
enum al_code al_conf_parse_bool(const char *text, bool *v, struct al_err *err)
    AL_MUST_CHECK;
enum al_code al_conf_parse_time(const char *text, uint64_t *ms,
    struct al_err *err) AL_MUST_CHECK;
enum al_code al_conf_parse_size(const char *text, uint64_t *v,
    struct al_err *err) AL_MUST_CHECK;
/* "scheme:..." of at least two letters: not a path. */
bool al_conf_is_url(const char *text);
/* al_route_add that knows "none". */
enum al_code al_conf_add_proxy(struct al_route *r, const char *text,
    struct al_err *err) AL_MUST_CHECK;
enum al_code al_conf_parse_listen(const char *text, struct al_addr *addr,
    struct al_err *err) AL_MUST_CHECK;

#endif
