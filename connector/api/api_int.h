/* connector/api/api_int.h - what the files of the facade share. */
#ifndef AL_API_API_INT_H
#define AL_API_API_INT_H

#include <stdbool.h>

#include <alpacon/session.h>

#include "connector/base/err.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "connector/session/workspace.h"

#define AL_EXPORT	__attribute__((visibility("default")))

struct alpacon_loop {
	struct al_loop		*loop;
	struct al_resolver	*resolver;
};

/* What is below a stream: a dialed connection or a channel. */
struct stream_below {
	ssize_t	(*read)(struct alpacon_stream *s, void *p, size_t cap);
	size_t	(*write)(struct alpacon_stream *s, const void *p, size_t len);
	void	(*shut)(struct alpacon_stream *s);
	/* There are callbacks now: tell what has happened so far. */
	void	(*wake)(struct alpacon_stream *s);
	void	(*free)(struct alpacon_stream *s);
};

/* First member of both. */
struct alpacon_stream {
	const struct stream_below	*below;
	const struct alpacon_stream_ops	*ops;
	void				*arg;
};

/* The public error is the internal one; to may be NULL. */
void api_err(struct alpacon_err *to, const struct al_err *from);

/* A workspace for url (NULL: none) with the caller's proxies. */
struct al_workspace *api_workspace(const char *url, const char *ca_file,
    const struct alpacon_proxies *p, struct al_err *err);

struct alpacon_open *api_channel_open(struct al_mux *m, const char *server,
    const char *target, alpacon_on_dial *on_open, void *arg,
    struct al_err *err);
/* An accepted channel; NULL: c has been refused. */
struct alpacon_stream *api_channel_accept(struct al_mux *m,
    struct al_chan *c, struct al_err *err);

#endif
