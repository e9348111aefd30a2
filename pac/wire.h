/* pac/wire.h - what travels between pac/eval.c and alpacon-pac-helper. */
#ifndef AL_PAC_WIRE_H
#define AL_PAC_WIRE_H

/*
 * Messages of connector/helper/child.h; numbers are big-endian.  The library
 * asks, the helper answers; its answer may be a question of its own
 * (AL_PAC_LOOKUP), which the library's next question (AL_PAC_ADDRS) answers.
 *
 * Questions, by their first byte:
 *
 *   LOAD   | 1 | clock, i64 | script, UTF-8: the rest |
 *   EVAL   | 2 | clock, i64 | length, u16 | url | host: the rest |
 *   ADDRS  | 3 | any number of: family, u8 (4, 6), 4 or 16 bytes |
 *
 * The clock is what Date and the date functions see: milliseconds since 1970,
 * or AL_PAC_REAL_TIME.  LOAD comes once, first.  EVAL only after LOADED.  A
 * helper that has answered FAILED, or anything that is not in here, gets no
 * other question: the library ends it, and loads the script into a new one.
 *
 * Answers: any number of | kind, u8 | length, u32 | bytes |; alerts first, and
 * exactly one other, the last:
 *
 *   ALERT   what the script gave to alert(), since the last answer
 *   LOADED  the engine: "Duktape 2.7.0"
 *   RESULT  the string that FindProxyForURL has returned
 *   LOOKUP  | what, u8 | name: the rest |; the name is empty for one's own
 *   FAILED  | stage, u8 | line, u32 | column, u32 | length, u16 | message |
 *           offending text: the rest |
 *
 * Lines and columns count from 1; 0: not known.  The offending text is the
 * line, or of a long one AL_PAC_TEXT_MAX bytes, a third of them before the
 * column; without blanks around it.
 */
enum al_pac_ask { AL_PAC_LOAD = 1, AL_PAC_EVAL = 2, AL_PAC_ADDRS = 3 };

enum al_pac_kind {
	AL_PAC_ALERT = 1, AL_PAC_LOADED = 2, AL_PAC_RESULT = 3,
	AL_PAC_LOOKUP = 4, AL_PAC_FAILED = 5
};

enum al_pac_what {
	AL_PAC_NAME4 = 1,	/* IPv4 addresses of name               */
	AL_PAC_NAME = 2,	/* addresses of both families           */
	AL_PAC_OWN4 = 3,	/* our own, the best first              */
	AL_PAC_OWN = 4
};

enum al_pac_stage {
	AL_PAC_AT_SYNTAX = 1,	/* it is not JavaScript, or newer than this
				 * engine knows                           */
	AL_PAC_AT_LOAD = 2,	/* its top level has thrown             */
	AL_PAC_AT_RUN = 3,	/* the function is missing or has thrown */
	AL_PAC_AT_RESULT = 4	/* it returned no string, or a long one */
};

#define AL_PAC_DUKTAPE_HELPER	"alpacon-pac-helper"
#define AL_PAC_JSC_HELPER	"alpacon-pac-helper-jsc"

#define AL_PAC_REAL_TIME	INT64_MIN
#define AL_PAC_SCRIPT_MAX	(2u << 20)	/* 1 MiB of Latin-1, as UTF-8 */
#define AL_PAC_QUESTION_MAX	(AL_PAC_SCRIPT_MAX + 64)
#define AL_PAC_URL_MAX		8192
#define AL_PAC_RESULT_MAX	(16u << 10)
#define AL_PAC_ALERTS_MAX	(8u << 10)	/* of one evaluation, in all */
#define AL_PAC_TEXT_MAX		512		/* a message, offending text */
#define AL_PAC_ANSWER_MAX	(64u << 10)
#define AL_PAC_ADDRS_MAX	32		/* of one look-up            */

#endif
