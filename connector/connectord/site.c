/* connector/connectord/site.c - what one reading of the settings gives. */
#include "connector/connectord/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/connectord/config.h"
#include "connector/daemon/log.h"
#include "connector/daemon/reach.h"
#include "connector/daemon/redact.h"
#include "connector/daemon/secret.h"
#include "connector/loop/resolve.h"
#include "connector/session/workspace.h"

const char *
al_mode_name(enum al_mode mode)
{
	static const char *const names[] = {
		[AL_MODE_AUTO] = "auto", [AL_MODE_MUX] = "mux",
		[AL_MODE_DIRECT] = "direct",
	};

	return names[mode];
}

struct al_site *
al_site_hold(struct al_site *s)
{
	s->refs++;
	return s;
}

void
al_site_release(struct al_site *s)
{
	size_t i;

	if (s == NULL || --s->refs > 0)
		return;
	al_workspace_free(s->workspace);
	if (s->authorization != NULL)
		al_redact_remove(s->authorization);
	al_str_free_secret(s->authorization);
	al_names_fini(&s->names);
	al_policy_fini(&s->targets);
	for (i = 0; i < s->n_doors; i++)
		free(s->doors[i].name);
	free(s->doors);
	free(s->state_dir);
	free(s);
}

/* Ours, or what the agent's own file says. */
static const struct al_conf_value *
ours_or_agents(const struct al_conf *c, const char *key, const char *section,
    const char *agent_key)
{
	const struct al_conf_value *v = al_conf_get(c, NULL, NULL, key, 0);

	return v != NULL ? v : al_conf_get(c, section, NULL, agent_key, 0);
}

/* --- doors ---------------------------------------------------------------- */
static enum al_code
check_door(const struct al_site *s, const struct al_conf_value *v,
    struct al_err *err)
{
	const struct al_door *door = &s->doors[s->n_doors - 1];
	size_t i;

	if (al_addr_port(&door->listen) == 0)
		return AL_OK;
	for (i = 0; i + 1 < s->n_doors; i++) {
		const struct al_addr *a = &s->doors[i].listen;

		if (a->len == door->listen.len &&
		    memcmp(&a->u, &door->listen.u, a->len) == 0)
			return al_conf_fail(v, err, "%s is taken by %s",
			    v->text, s->doors[i].name);
	}
	return AL_OK;
}

static enum al_code
add_door(struct al_site *s, enum al_door_kind kind, const char *name,
    const struct al_conf_value *listen, struct al_err *err)
{
	struct al_door *more = realloc(s->doors,
	    (s->n_doors + 1) * sizeof(*more));
	struct al_door *door;

	if (more == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	s->doors = more;
	door = &s->doors[s->n_doors];
	memset(door, 0, sizeof(*door));
	door->kind = kind;
	door->name = al_str_dup(name, strlen(name));
	if (door->name == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	s->n_doors++;
	(void)al_conf_listen(listen, &door->listen);
	return check_door(s, listen, err);
}

static enum al_code
add_list(struct al_site *s, const struct al_conf *c, const char *key,
    enum al_door_kind kind, const char *word, struct al_err *err)
{
	const struct al_conf_value *v;
	char name[32];
	size_t i;

	for (i = 0; (v = al_conf_get(c, NULL, NULL, key, i)) != NULL; i++) {
		(void)snprintf(name, sizeof(name), i == 0 ? "%s" : "%s-%zu",
		    word, i + 1);
		if (add_door(s, kind, name, v, err) != AL_OK)
			return err->code;
	}
	return AL_OK;
}

static enum al_code
add_forwards(struct al_site *s, const struct al_conf *c, struct al_err *err)
{
	const struct al_conf_value *target;
	const char *section;
	struct al_door *door;
	char name[128];
	size_t i;

	for (i = 0; (section = al_conf_name(c, "forward", i)) != NULL; i++) {
		(void)snprintf(name, sizeof(name), "forward-%s", section);
		if (add_door(s, AL_DOOR_FORWARD, name, al_conf_get(c,
		    "forward", section, "listen", 0), err) != AL_OK)
			return err->code;
		door = &s->doors[s->n_doors - 1];
		target = al_conf_get(c, "forward", section, "target", 0);
		if (al_hostport_parse(target->text, 0, door->host,
		    &door->port, err) != AL_OK) {
			al_conf_blame(target, err);
			return err->code;
		}
	}
	return AL_OK;
}

/* --- who, and what may be reached ----------------------------------------- */
static enum al_code
put_authorization(struct al_site *s, const struct al_conf_value *id,
    const char *key, struct al_err *err)
{
	size_t n = strlen(id->text) + strlen(key) + 16;

	if (strpbrk(id->text, "\"\\\r\n") != NULL)
		return al_conf_fail(id, err, "a quote or a backslash does not "
		    "belong in an id");
	if (strpbrk(key, "\"\\\r\n") != NULL)
		return al_fail(err, AL_EAUTH, AL_AT_CONFIG, 0,
		    "a quote or a backslash does not belong in a key");
	s->authorization = malloc(n);
	if (s->authorization == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	(void)snprintf(s->authorization, n, "id=\"%s\", key=\"%s\"", id->text,
	    key);
	return al_redact_add(s->authorization, err);
}

static enum al_code
set_authorization(struct al_site *s, const struct al_conf *c,
    struct al_err *err)
{
	const struct al_conf_value *id = ours_or_agents(c, "id", "server",
	    "id");
	const struct al_conf_value *file = al_conf_get(c, NULL, NULL,
	    "key_file", 0);
	struct al_secret key = { .text = NULL };
	enum al_code code;

	if (file != NULL)
		code = al_secret_read(&key, file->text, err);
	else
		code = al_secret_set(&key, al_conf_text(c, "server", NULL,
		    "key"), err);
	if (code == AL_OK)
		code = put_authorization(s, id, key.text, err);
	al_secret_fini(&key);
	return code;
}

static enum al_code
set_lists(struct al_site *s, const struct al_conf *c, struct al_err *err)
{
	const struct al_conf_value *v;
	size_t i;

	if (al_names_add(&s->names, al_workspace_authority(s->workspace),
	    err) != AL_OK)
		return err->code;
	for (i = 0; (v = al_conf_get(c, NULL, NULL, "allow_host", i)) != NULL;
	    i++)
		if (al_names_add(&s->names, v->text, err) != AL_OK)
			return err->code;
	for (i = 0; (v = al_conf_get(c, NULL, NULL, "allow_target", i)) !=
	    NULL; i++)
		if (al_policy_add(&s->targets, v->text, err) != AL_OK)
			return err->code;
	return AL_OK;
}

/* --- the way to the workspace host ---------------------------------------- */
static void
on_note(void *arg, const char *event, const char *text)
{
	static const struct {
		const char		*event;
		enum al_log_level	 level;
	} levels[] = {
		{ "pac-failed", AL_LOG_ERROR }, { "pac-kept", AL_LOG_WARN },
		{ "pac-warning", AL_LOG_WARN }, { "pac-alert", AL_LOG_INFO },
	};
	enum al_log_level level = AL_LOG_NOTICE;
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(event, levels[i].event) == 0)
			level = levels[i].level;
	al_log(level, event, NULL, "%s", text);
}

static enum al_code
open_workspace(struct al_site *s, const struct al_conf *c,
    struct al_workspace_opts *o, struct al_err *err)
{
	const struct al_conf_value *url = ours_or_agents(c, "url", "server",
	    "url");
	const struct al_conf_value *ca = ours_or_agents(c, "ca_file", "ssl",
	    "ca_cert");
	struct al_reach r;

	o->url = url->text;
	o->ca_file = ca != NULL ? ca->text : NULL;
	if (strncmp(url->text, "http:", 5) == 0 ||
	    strncmp(url->text, "ws:", 3) == 0)
		return al_conf_fail(url, err, "must begin with https://: "
		    "nothing is sent without TLS");
	if (al_reach_proxies(&r, c, o, err) == AL_OK)
		s->workspace = al_workspace_new(o, err);
	al_reach_fini(&r);
	return s->workspace != NULL ? AL_OK : err->code;
}

static enum al_code
set_workspace(struct al_site *s, const struct al_conf *c, struct al_err *err)
{
	struct al_addr *ours = calloc(s->n_doors + 1, sizeof(*ours));
	struct al_workspace_opts o = {
		.tls_min = al_conf_text(c, NULL, NULL, "tls_min"),
		.tls_ciphers = al_conf_text(c, NULL, NULL, "tls_ciphers"),
		.choose = { .no_proxy = al_conf_text(c, NULL, NULL,
		    "no_proxy"), .listeners = ours,
		    .n_listeners = s->n_doors },
		.flags = (al_conf_bool(c, NULL, NULL,
		    "proxy_from_environment") ? 0 : AL_WORKSPACE_NO_ENV) |
		    (al_conf_bool(c, NULL, NULL, "proxy_from_system") ?
		    AL_WORKSPACE_SYSTEM : 0),
		.resolve_flags = s->resolve_flags,
	};
	enum al_code code;
	size_t i;

	o.on_note = on_note;
	if (ours == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	for (i = 0; i < s->n_doors; i++)
		ours[i] = s->doors[i].listen;
	code = open_workspace(s, c, &o, err);
	free(ours);
	return code;
}

static enum al_mode
mode_of(const char *word)
{
	enum al_mode m = AL_MODE_AUTO;

	while (m != AL_MODE_DIRECT && strcmp(word, al_mode_name(m)) != 0)
		m++;
	return m;
}

/* The service manager's folder (the first, if it made several) unless there
 * is a setting. */
static enum al_code
set_state_dir(struct al_site *s, const struct al_conf *c, struct al_err *err)
{
	const char *dir = al_conf_text(c, NULL, NULL, "state_dir");
	const char *given = getenv("STATE_DIRECTORY");

	if (dir == NULL && (given == NULL || given[0] == '\0'))
		return AL_OK;
	s->state_dir = dir != NULL ? al_str_dup(dir, strlen(dir)) :
	    al_str_dup(given, strcspn(given, ":"));
	return s->state_dir != NULL ? AL_OK :
	    al_fail_nomem(err, AL_AT_CONFIG);
}

struct al_site *
al_site_new(const struct al_conf *c, struct al_err *err)
{
	struct al_site *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)al_fail_nomem(err, AL_AT_CONFIG);
		return NULL;
	}
	s->refs = 1;
	al_names_init(&s->names);
	al_policy_init(&s->targets);
	s->mode = mode_of(al_conf_text(c, NULL, NULL, "mode"));
	s->resolve_flags = al_conf_bool(c, NULL, NULL, "hosts_file") ? 0 :
	    AL_RESOLVE_NO_HOSTS;
	s->link_max_age_ms = al_conf_uint(c, NULL, NULL, "link_max_age");
	s->proxy_retry_ms = al_conf_uint(c, NULL, NULL, "proxy_retry");
	s->keepalive_ms = (uint32_t)al_conf_uint(c, NULL, NULL, "keepalive");
	s->connections_max = (size_t)al_conf_uint(c, NULL, NULL,
	    "max_connections");
	if (add_list(s, c, "listen_tls", AL_DOOR_TLS, "tls", err) == AL_OK &&
	    add_list(s, c, "listen_proxy", AL_DOOR_PROXY, "proxy", err) ==
	    AL_OK && add_forwards(s, c, err) == AL_OK &&
	    set_workspace(s, c, err) == AL_OK &&
	    set_lists(s, c, err) == AL_OK &&
	    set_state_dir(s, c, err) == AL_OK &&
	    set_authorization(s, c, err) == AL_OK)
		return s;
	al_site_release(s);
	return NULL;
}
