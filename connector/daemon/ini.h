/* connector/daemon/ini.h - the lines of an INI file, one at a time. */
#ifndef AL_DAEMON_INI_H
#define AL_DAEMON_INI_H

#include <stddef.h>

#include "connector/base/err.h"

/*
 *	# comment		; comment
 *	[section]		[section "name"]
 *	key = value		key = "value with blanks at its ends "
 *
 * Every line stands for itself: blanks in front mean nothing, nothing joins
 * two lines, and whatever follows '=' belongs to the value, '#' and ';' too.
 * Only a pair of quotes around the whole value is taken off.
 */
enum al_ini_type {
	AL_INI_END,
	AL_INI_SECTION,		/* section, name ("" if none)     */
	AL_INI_KEY		/* key, value; section and name stay */
};

#define AL_INI_NAME_MAX		63	/* of sections, their names and keys */
#define AL_INI_FILE_MAX		(1024 * 1024)

struct al_ini {
	const char	*file;		/* for the sentences              */
	const char	*p, *end;	/* what has not been read         */
	unsigned	 line;		/* of what next has told; 1 ...   */
	char		 section[AL_INI_NAME_MAX + 1];
	char		 name[AL_INI_NAME_MAX + 1];
	char		 key[AL_INI_NAME_MAX + 1];
	const char	*value;		/* value_len bytes, in the text   */
	size_t		 value_len;
};

/* text is borrowed while ini is read. */
void al_ini_init(struct al_ini *ini, const char *file, const char *text,
    size_t len);
/* AL_OK and *type, or EUSAGE: "FILE:LINE: ...". */
enum al_code al_ini_next(struct al_ini *ini, enum al_ini_type *type,
    struct al_err *err) AL_MUST_CHECK;

#endif
