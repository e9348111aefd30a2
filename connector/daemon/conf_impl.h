/* connector/daemon/conf_impl.h - what the parts of conf share. */
#ifndef AL_DAEMON_CONF_IMPL_H
#define AL_DAEMON_CONF_IMPL_H

#include "connector/daemon/conf.h"

/* A section that some file has, also when nothing stands in it. */
struct conf_section {
	const char	*word;		/* the table's                     */
	char		*name;		/* "" if none                      */
	const char	*file;
	unsigned	 line;
};

struct al_conf {
	const struct al_conf_key *keys;
	size_t			 n_keys;
	struct al_conf_value	*values;
	size_t			 n_values, cap_values;
	struct conf_section	*sections;
	size_t			 n_sections, cap_sections;
	char			**files;	/* names that values point to */
	size_t			 n_files, cap_files;
};

/* One more element behind n of them; false: no memory. */
bool conf_grow(void **array, size_t *cap, size_t n, size_t size);

/* A copy that lives as long as c, for the from of values; NULL: no memory. */
const char *conf_keep_name(struct al_conf *c, const char *name);

/* word and name as written; NULL when the table has no such key.  key NULL:
 * any key of the section. */
const struct al_conf_key *conf_find_key(const struct al_conf *c,
    const char *word, const char *name, const char *key);
/* The section of values of that name; made when it is new. */
struct conf_section *conf_add_section(struct al_conf *c, const char *word,
    const char *name, const char *file, unsigned line);

/* Others must not read it: a secret, or a proxy URL with a password. */
bool conf_is_secret(const struct al_conf_key *k, const char *text);
/* What is secret in v never gets into a log while v lives. */
void conf_hide(const struct al_conf_value *v);
void conf_unhide(const struct al_conf_value *v);

/* A value of which all but the text is given: checks it, copies the text. */
enum al_code conf_add(struct al_conf *c, const struct al_conf_value *v,
    const char *text, size_t len, struct al_err *err);

#endif
