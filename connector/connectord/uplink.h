/* connector/connectord/uplink.h - the session to the gateway, and the way out. */
#ifndef AL_CONNECTORD_UPLINK_H
#define AL_CONNECTORD_UPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "connector/base/err.h"
#include "connector/session/mux.h"

struct al_loop;
struct al_resolver;
struct al_site;
struct al_targets;
struct al_uplink;

/* How local connections leave now. */
enum al_way {
	AL_WAY_WAIT,	/* not known yet: the first attempt is under way */
	AL_WAY_MUX,	/* as channels of the session                    */
	AL_WAY_DIRECT,	/* each on its own, through the proxies          */
	AL_WAY_DOWN	/* not at all: why says what happened            */
};

struct al_uplink_ops {
	/* Another way, or the first one. */
	void (*on_way)(void *arg);
	/* The link is up and a PING came back, or there is none to wait for. */
	void (*on_ready)(void *arg);
	/* habits have changed. */
	void (*on_learned)(void *arg);
	/* After al_uplink_close. */
	void (*on_closed)(void *arg);
};

struct al_uplink_opts {
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	struct al_targets	*targets;
	struct al_habits	*habits;	/* what is known of the ways */
};

struct al_uplink *al_uplink_new(const struct al_uplink_opts *o,
    const struct al_uplink_ops *ops, void *arg, struct al_err *err);
void al_uplink_free(struct al_uplink *u);	/* drops the session */

/* The settings from now on: an attempt that waits is made at once, a session
 * that is up goes on by a connection made with them.  Holds s. */
enum al_code al_uplink_set_site(struct al_uplink *u, struct al_site *s,
    struct al_err *err) AL_MUST_CHECK;

/* The network is another one: the same with the settings as they are. */
void al_uplink_rotate(struct al_uplink *u);

enum al_way al_uplink_way(const struct al_uplink *u, struct al_err *why);
/* For people, in one sentence: how it is, and why. */
#define AL_UPLINK_STATUS	1024
void al_uplink_status(const struct al_uplink *u,
    char buf[static AL_UPLINK_STATUS]);
struct al_mux *al_uplink_mux(struct al_uplink *u);	/* NULL: not up */

/* Bytes of a channel of ours that has ended, for the line at the link's end. */
void al_uplink_count(struct al_uplink *u, uint64_t in, uint64_t out);

/* No new channels in either direction. */
void al_uplink_drain(struct al_uplink *u);
/* AL_CHAN_DONE sends what is on the way; others reset what is open. */
void al_uplink_close(struct al_uplink *u, uint16_t code, const char *text);

/* State to the log. */
void al_uplink_dump(const struct al_uplink *u);

#endif
