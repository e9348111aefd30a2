/* pac/answer.h - what alpacon-pac-helper says, taken apart. */
#ifndef AL_PAC_ANSWER_H
#define AL_PAC_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/reader.h"
#include "pac/eval.h"

/* Points into the message. */
struct al_pac_said {
	enum al_pac_kind	 kind;		/* never ALERT: what ends it */
	struct al_reader	 alerts;	/* for al_pac_said_alert     */
	const uint8_t		*bytes;		/* LOADED, RESULT; the name  */
	size_t			 len;		/* of a LOOKUP               */
	enum al_pac_what	 what;		/* LOOKUP                    */
	struct al_pac_fault	 fault;		/* FAILED; cleaned           */
};

/* false: the helper does not keep to pac/wire.h. */
bool al_pac_said_parse(struct al_pac_said *s, const uint8_t *msg, size_t len);

/* The next alert; false: that was the last one. */
bool al_pac_said_alert(struct al_pac_said *s, const uint8_t **p, size_t *len);

#endif
