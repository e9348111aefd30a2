/* connector/engine/upgrade.h - the WebSocket upgrade (RFC 6455 4), both sides. */
#ifndef AL_ENGINE_UPGRADE_H
#define AL_ENGINE_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "connector/base/hs.h"
#include "connector/wire/http1.h"

#define AL_UPGRADE_NONCE	16

/* --- client --------------------------------------------------------------- */
struct al_upgrade_opts {
	const char	*host;		/* of the field: "gw", "gw:8443"    */
	const char	*path;		/* with the query                   */
	const char	*protocol;	/* must be granted; NULL: none      */
	const char	*authorization;	/* the field's value: a secret; or NULL */
	const char	*origin;	/* or NULL                          */
	const char	*user_agent;	/* NULL: ours                       */
	uint8_t		 nonce[AL_UPGRADE_NONCE];	/* random          */
	/* Set, when it fails, to what a 429 or 503 asked for, else to 0.
	 * Kept: must outlive the machine.  May be NULL. */
	unsigned	*retry_after_s;
};

/*
 * Copies everything, wipes authorization when it is freed.  EUSAGE: line
 * breaks or blanks where none may be.
 *
 * Failures have stage http, and the status of the answer:
 *   EAUTH, stage session	401, 403: the gateway refuses the credentials
 *   EREFUSED			404, 429, 5xx, 426, redirects (never followed)
 *   EPROTO			a 2xx, a broken 101, not HTTP
 *   ENET			it closed instead of answering
 * Status 404, and 101 without the protocol, mean: not our gateway.
 */
enum al_code al_upgrade_client(struct al_machine *out,
    const struct al_upgrade_opts *o, struct al_err *err) AL_MUST_CHECK;

/* --- server --------------------------------------------------------------- */
enum al_upgrade_kind {
	AL_UPGRADE_NONE,	/* an ordinary request             */
	AL_UPGRADE_WEBSOCKET,	/* may be accepted                 */
	AL_UPGRADE_BROKEN	/* wants to be one: why says what is wrong */
};

struct al_upgrade_request {
	const char		*method;
	const char		*path;		/* begins with '/', not decoded */
	const char		*query;		/* behind '?', "" if none       */
	const struct al_http1	*head;		/* for al_http1_get and so on   */
	enum al_upgrade_kind	 kind;
	const char		*why;
};

/*
 * step: MORE until the head is there (8 KiB at most), then NEED: look at
 * al_upgrade_request, call one of accept and reply, and step again: the
 * answer is in out, DONE.  What follows it belongs to the next layer, or
 * after reply to nobody: that connection is to be closed.
 * FAIL: out holds a 400 or 431 that may be sent before closing, unless the
 * client has sent nothing that looks like HTTP.
 */
enum al_code al_upgrade_server(struct al_machine *out, struct al_err *err)
    AL_MUST_CHECK;

/* After NEED; until free.  Holds the client's secrets. */
const struct al_upgrade_request *al_upgrade_request(
    const struct al_machine *m);

/* The request offers this subprotocol. */
bool al_upgrade_offers(const struct al_upgrade_request *r,
    const char *protocol);

/* 101.  kind must be AL_UPGRADE_WEBSOCKET; protocol NULL: none. */
enum al_code al_upgrade_accept(const struct al_machine *m,
    const char *protocol, struct al_err *err) AL_MUST_CHECK;

/* Any other answer, with "Connection: close"; body is text or NULL. */
enum al_code al_upgrade_reply(const struct al_machine *m, int status,
    const char *reason, const struct al_http1_field *fields, size_t n,
    const char *body, struct al_err *err) AL_MUST_CHECK;

/* What a broken upgrade deserves: 426 with the version we speak, or 400. */
enum al_code al_upgrade_refuse_broken(const struct al_machine *m,
    struct al_err *err) AL_MUST_CHECK;

/* For both sides: the value of Sec-WebSocket-Accept. */
#define AL_UPGRADE_ACCEPT	28
enum al_code al_upgrade_accept_key(char out[static AL_UPGRADE_ACCEPT + 1],
    const char *key, struct al_err *err) AL_MUST_CHECK;

#endif
