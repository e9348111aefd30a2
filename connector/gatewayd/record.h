/* connector/gatewayd/record.h - what happened, to the audit file and the log. */
#ifndef AL_GATEWAYD_RECORD_H
#define AL_GATEWAYD_RECORD_H

#include "connector/gatewayd/peer.h"

/* unsaid: failures before this one that were too many to be written. */
void al_record_auth_failure(const struct al_gateway *gw,
    enum al_identity_kind kind, const struct al_addr *from, unsigned unsaid);
void al_record_session_start(const struct al_peer *p);
void al_record_session_end(const struct al_peer *p, const struct al_err *why);
/* Its connection comes from another address than the one before. */
void al_record_address_change(const struct al_peer *p, const char *before);
void al_record_duplicate(const struct al_peer *older);

/* An OPEN that was refused; server and target may be NULL. */
void al_record_refusal(const struct al_peer *p, uint8_t kind,
    const char *server, const char *target, uint16_t code, const char *text);
void al_record_channel_start(const struct al_channel *ch);
void al_record_channel_end(const struct al_channel *ch, uint16_t code,
    const char *text, uint64_t bytes_up, uint64_t bytes_down);

#endif
