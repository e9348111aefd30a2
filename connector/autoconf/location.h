/* connector/autoconf/location.h - where a PAC file is: URLs and paths. */
#ifndef AL_AUTOCONF_LOCATION_H
#define AL_AUTOCONF_LOCATION_H

#include "connector/base/buf.h"
#include "connector/base/err.h"
#include "connector/base/url.h"

enum al_location_kind {
	AL_LOCATION_HTTP,
	AL_LOCATION_HTTPS,
	AL_LOCATION_FILE,
	AL_LOCATION_DATA
};

struct al_location {
	enum al_location_kind	 kind;
	struct al_url		 url;	/* of http and https; has a port      */
	char			*path;	/* of file                            */
	char			*data;	/* of data: what is behind "data:"    */
};

/*
 * "http://host[:port]/path?query", https; "file:///path" or an absolute path;
 * "data:[type][;base64],text".  A fragment is dropped; of http and https the
 * bytes that a URL cannot hold (blanks, letters beyond ASCII) are escaped.
 * EUSAGE, stage pac, cause 111: anything else, a user name, a file of another
 * host.  A failure leaves nothing to free and shows no user and no query.
 */
enum al_code al_location_parse(struct al_location *l, const char *text,
    struct al_err *err) AL_MUST_CHECK;
void al_location_fini(struct al_location *l);

/*
 * Where reference, of a Location field, leads from base, which is http or
 * https (RFC 3986 5.2).  EPROTO: not to http or https.
 */
enum al_code al_location_follow(struct al_location *to,
    const struct al_location *base, const char *reference,
    struct al_err *err) AL_MUST_CHECK;

/* "host", "host:8080", "[::1]:8080": a port that goes without saying is left
 * out. */
#define AL_LOCATION_AUTHORITY	(AL_HOST_MAX + 10)
void al_location_authority(const struct al_location *l,
    char out[static AL_LOCATION_AUTHORITY]);

/*
 * The content and, if text names one, its type (NULL otherwise; free it) of a
 * data URL.  ELIMIT: out is full.  EUSAGE: not such a URL.  Stage pac.
 */
enum al_code al_data_decode(struct al_buf *out, char **type,
    const char *text, struct al_err *err) AL_MUST_CHECK;

#endif
