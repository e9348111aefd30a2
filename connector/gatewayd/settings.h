/* connector/gatewayd/settings.h - all that a reload replaces, at once. */
#ifndef AL_GATEWAYD_SETTINGS_H
#define AL_GATEWAYD_SETTINGS_H

#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "connector/base/hash.h"
#include "connector/gatewayd/config.h"
#include "connector/gatewayd/identity.h"
#include "connector/gatewayd/policy.h"
#include "connector/stream/tls.h"

struct al_settings {
	struct al_conf		*conf;
	struct al_identities	*ids;
	struct al_policy	*policy;
	struct al_tls_ctx	*tls;		/* NULL: plain           */
	char			 backend_host[AL_HOST_MAX + 1];	/* "": none */
	uint16_t		 backend_port;
	uint32_t		 max_sessions, max_channels;
	uint32_t		 max_session_channels, max_pending;
	uint32_t		 handshakes_per_s;	/* 0: no limit   */
	unsigned		 handshake_ms, drain_ms;
	uint32_t		 grace_s;
	uint32_t		 link_max_age_s;	/* 0: no limit   */
	uint8_t			 cert_hash[AL_SHA256_LEN];	/* of the file */
};

/* Reads and checks everything: the file, the certificate, identities, policy. */
struct al_settings *al_settings_load(const char *path, struct al_err *err);
/* The identity files anew; on an error nothing has changed. */
enum al_code al_settings_reread_identities(struct al_settings *s,
    struct al_err *err);
void al_settings_free(struct al_settings *s);

#endif
