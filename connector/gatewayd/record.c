/* connector/gatewayd/record.c - what happened, to the audit file and the log. */
#include "connector/gatewayd/record.h"

#include "connector/daemon/log.h"
#include "connector/wire/mux_frame.h"

static const char *
text_or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

static uint64_t
ms_since(uint64_t us)
{
	return (al_now_us() - us) / 1000;
}

/* Who: the fields that every line about a session begins with. */
#define WHO(p)								\
	AL_STR("session", (p)->session),				\
	AL_STR("role", al_peer_role(p)),				\
	AL_STR("principal", (p)->who->name),				\
	AL_STR("peer", (p)->from)

void
al_record_auth_failure(const struct al_gateway *gw,
    enum al_identity_kind kind, const struct al_addr *from, unsigned unsaid)
{
	const char *role = kind == AL_IDENTITY_CONNECTOR ? "connector" :
	    "operator";
	char peer[AL_ADDR_TEXT];

	(void)al_addr_format(from, peer);
	al_audit_write(gw->audit, "auth-failure", AL_FIELDS(
	    AL_STR("role", role), AL_STR("peer", peer),
	    AL_NUM("more", unsaid)));
	al_log(AL_LOG_WARN, "auth-failure", AL_FIELDS(AL_STR("peer", peer)),
	    "wrong credentials from %s, as %s", peer, role);
}

void
al_record_session_start(const struct al_peer *p)
{
	al_audit_write(p->gw->audit, "session-start", AL_FIELDS(WHO(p),
	    AL_STR("probe", p->probe ? "yes" : NULL)));
	al_log(AL_LOG_INFO, "session-start", AL_FIELDS(AL_STR("session",
	    p->session), AL_STR("peer", p->from)), "%s %s is up%s",
	    al_peer_role(p), p->who->name, p->probe ? " (a probe)" : "");
}

void
al_record_session_end(const struct al_peer *p, const struct al_err *why)
{
	bool ours = p->close_text != NULL;
	const char *reason = ours ? p->close_text : why->text;

	al_audit_write(p->gw->audit, "session-end", AL_FIELDS(WHO(p),
	    AL_NUM("channels", p->n_channels),
	    AL_NUM("bytes_up", p->bytes_up),
	    AL_NUM("bytes_down", p->bytes_down),
	    AL_NUM("duration_ms", ms_since(p->since_us)),
	    AL_NUM("code", ours ? p->close_code : why->status),
	    AL_STR("reason", reason)));
	al_log(AL_LOG_INFO, "session-end", AL_FIELDS(AL_STR("session",
	    p->session), AL_STR("peer", p->from), AL_NUM("channels",
	    p->n_channels), AL_NUM("bytes", p->bytes_up + p->bytes_down),
	    AL_NUM("duration_ms", ms_since(p->since_us))), "%s %s: %s",
	    al_peer_role(p), p->who->name, reason);
}

void
al_record_address_change(const struct al_peer *p, const char *before)
{
	al_audit_write(p->gw->audit, "address-change", AL_FIELDS(WHO(p),
	    AL_STR("before", before)));
	al_log(AL_LOG_INFO, "address-change", AL_FIELDS(AL_STR("session",
	    p->session), AL_STR("peer", p->from)), "%s %s comes from another "
	    "address, before it was %s", al_peer_role(p), p->who->name,
	    before);
}

void
al_record_duplicate(const struct al_peer *older)
{
	al_audit_write(older->gw->audit, "duplicate-identity",
	    AL_FIELDS(WHO(older)));
	al_log(AL_LOG_WARN, "duplicate-identity", AL_FIELDS(AL_STR("session",
	    older->session), AL_STR("peer", older->from)),
	    "two processes run as connector %s: copied from one host to "
	    "another?", older->who->name);
}

void
al_record_refusal(const struct al_peer *p, uint8_t kind, const char *server,
    const char *target, uint16_t code, const char *text)
{
	al_audit_write(p->gw->audit, "refusal", AL_FIELDS(WHO(p),
	    AL_STR("kind", al_chan_kind_name(kind)),
	    AL_STR("server", server), AL_STR("target", target),
	    AL_NUM("code", code), AL_STR("reason", text)));
	al_log(AL_LOG_DEBUG, "refusal", AL_FIELDS(AL_STR("session",
	    p->session), AL_NUM("code", code)), "%s to %s%s%s: %s",
	    p->who->name, server != NULL ? server : "", server != NULL ?
	    " " : "", target != NULL ? target : "", text);
}

void
al_record_channel_start(const struct al_channel *ch)
{
	al_audit_write(ch->from->gw->audit, "channel-start", AL_FIELDS(
	    WHO(ch->from), AL_NUM("channel", ch->id),
	    AL_STR("kind", al_chan_kind_name(ch->kind)),
	    AL_STR("server", ch->to != NULL ? ch->to->who->name : NULL),
	    AL_STR("target", ch->target)));
}

void
al_record_channel_end(const struct al_channel *ch, uint16_t code,
    const char *text, uint64_t bytes_up, uint64_t bytes_down)
{
	const char *server = ch->to != NULL ? ch->to->who->name : NULL;
	const char *reason = text_or_null(text);

	if (reason == NULL && code != AL_CHAN_DONE)
		reason = al_chan_code_name(code);
	al_audit_write(ch->from->gw->audit, "channel-end", AL_FIELDS(
	    WHO(ch->from), AL_NUM("channel", ch->id),
	    AL_STR("kind", al_chan_kind_name(ch->kind)),
	    AL_STR("server", server), AL_STR("target", ch->target),
	    AL_NUM("bytes_up", bytes_up), AL_NUM("bytes_down", bytes_down),
	    AL_NUM("duration_ms", ms_since(ch->since_us)),
	    AL_NUM("code", code), AL_STR("reason", reason)));
	al_log(AL_LOG_DEBUG, "channel-end", AL_FIELDS(AL_STR("session",
	    ch->from->session), AL_NUM("channel", ch->id),
	    AL_NUM("bytes", bytes_up + bytes_down)), "%s to %s%s%s: %s",
	    ch->from->who->name, server != NULL ? server : "",
	    server != NULL ? " " : "", ch->target,
	    reason != NULL ? reason : "ended");
}
