/* pac/helper/question.h - what the library may ask a PAC helper. */
#ifndef AL_PAC_HELPER_QUESTION_H
#define AL_PAC_HELPER_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pac/script/script.h"
#include "pac/wire.h"

/* Longer ones are LOADs. */
#define QUESTION_MAX	(AL_PAC_URL_MAX + 512u)

struct question {
	enum al_pac_ask		 ask;
	int64_t			 clock_ms;	/* or AL_PAC_REAL_TIME   */
	/* borrowed from the message, of LOAD and of EVAL                */
	const char		*script, *url, *host;
	size_t			 script_len, url_len, host_len;
	struct al_script_ip	 addrs[AL_PAC_ADDRS_MAX];
	size_t			 n_addrs;
};

/* False when it is none of those in pac/wire.h.  Texts are not looked at. */
bool question_decode(struct question *q, const uint8_t *p, size_t len);

#endif
