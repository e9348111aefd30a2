/* pac/charset.h - the bytes of a PAC file as UTF-8. */
#ifndef AL_PAC_CHARSET_H
#define AL_PAC_CHARSET_H

#include "connector/base/buf.h"
#include "connector/base/err.h"

/*
 * A byte order mark decides (UTF-8, UTF-16 of either order), else the charset
 * of content_type (NULL: none), else UTF-8 if it is valid, else Latin-1, which
 * is also what is said to be UTF-8 and is not.  out is appended to, without
 * the mark; on failure what it holds is of no use.  EPROTO, stage pac: a
 * charset that we don't know, odd bytes of UTF-16, or nothing a script could
 * be (empty, NUL bytes, an HTML page: the sentence says which).  ELIMIT,
 * ENOMEM.
 */
enum al_code al_pac_decode(struct al_buf *out, const void *bytes, size_t len,
    const char *content_type, struct al_err *err) AL_MUST_CHECK;

#endif
