/* pac/helper/locate.h - which place of a script an error is about. */
#ifndef AL_PAC_HELPER_LOCATE_H
#define AL_PAC_HELPER_LOCATE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Engines name a line, which may be that of the token behind the wrong one,
 * and no column.  What they do say, truly, is whether a text that ends earlier
 * has the error, too: that finds the token.
 */
struct locate_compiler {
	/* The line of the error in text; 0: there is none. */
	unsigned	(*error_line)(void *arg, const char *text, size_t len);
	void		*arg;
	bool		 reads_ahead;	/* complains one token later */
};

/* Give *line, which the engine has named, a column, and correct it.  *column
 * is 0 when it is not found, or not within 300 ms of the processor's time. */
void locate_token(const struct locate_compiler *c, const char *script,
    size_t len, unsigned *line, unsigned *column);

/* The column of a word on a line; 0: it is not there. */
unsigned locate_word(const char *script, size_t len, unsigned line,
    const char *word, size_t word_len);

/* An engine's column may be that behind a word: the word's, if it is. */
unsigned locate_back(const char *script, size_t len, unsigned line,
    unsigned column);

/* A line, or what is around the column of a long one; at most max bytes, a
 * part of script, without blanks around it. */
size_t locate_text(const char *script, size_t len, unsigned line,
    unsigned column, size_t max, const char **text);

#endif
