/* pac/helper/engine.h - a JavaScript engine, as the conversation needs it. */
#ifndef AL_PAC_HELPER_ENGINE_H
#define AL_PAC_HELPER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "pac/helper/sandbox.h"
#include "pac/script/script.h"
#include "pac/wire.h"

/* Where the script is wrong; the offending text is found by locate.h. */
struct fault {
	enum al_pac_stage stage;
	unsigned	 line, column;		/* from 1; 0: not known */
	char		 message[AL_PAC_TEXT_MAX];	/* UTF-8 */
	size_t		 len;
};

/* UTF-8. */
struct result {
	char	text[AL_PAC_RESULT_MAX];
	size_t	len;
};

/* One engine a process: each of these is in duktape.c and in jsc.c. */
extern const enum sandbox_kind engine_sandbox;
extern const size_t engine_memory;	/* of address space; 0: no limit */

/* All that opens files or starts threads.  host is kept. */
bool engine_start(const struct al_script_host *host);

const char *engine_name(void);		/* "Duktape 2.7.0" */

/* Date asks the host from now on, not the system. */
bool engine_use_host_clock(void);

/* Run the top level.  script is kept.  False: *f is filled. */
bool engine_load(const char *script, size_t len, struct fault *f);

/* Both texts are copied before the script runs. */
bool engine_find(const char *url, size_t url_len, const char *host,
    size_t host_len, struct result *r, struct fault *f);

/* For the engines: what they share.  The first two are always false. */
bool fault_set(struct fault *f, enum al_pac_stage stage, const char *message,
    size_t len);
bool fault_no_string(struct fault *f, const char *type);
/* Is it a SyntaxError?  One about depth or memory is moved to AT_LOAD. */
bool fault_is_syntax(struct fault *f);

/* JavaScript: a function that takes what Date.now shall be. */
extern const char engine_clock_script[];

#endif
