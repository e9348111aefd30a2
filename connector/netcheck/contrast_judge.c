/* connector/netcheck/contrast_judge.c - what the answers of a proxy mean. */
#include "connector/netcheck/contrast.h"

#include <stdio.h>

#define NC_PORT		140
#define NC_HOST		141
#define NC_CONNECT	142
#define NC_UNREACHED	143
#define NC_AGENT	146

bool
al_contrast_is_refusal(const struct al_err *err)
{
	return err->stage == AL_AT_PROXY && err->code == AL_EREFUSED &&
	    (err->cause == NC_PORT || err->cause == NC_HOST ||
	    err->cause == NC_CONNECT);
}

/* A proxy that fails to reach what it was asked for has tried: its policy let
 * that through. */
enum al_contrast_answer
al_contrast_answer(const struct al_err *err)
{
	if (err == NULL || (err->stage == AL_AT_PROXY &&
	    err->cause == NC_UNREACHED))
		return AL_CONTRAST_PASSED;
	return al_contrast_is_refusal(err) ? AL_CONTRAST_DENIED :
	    AL_CONTRAST_NONE;
}

/* Those that had this answer; returns how many. */
static unsigned
list(char *out, size_t cap, enum al_contrast_answer which,
    const enum al_contrast_answer answers[static AL_CONTRASTS])
{
	static const char *const names[AL_CONTRASTS] = {
		[AL_CONTRAST_AGENT] = "another User-Agent",
		[AL_CONTRAST_PORT] = "port 443 of the same host",
		[AL_CONTRAST_ADDRESS] = "its address in place of the name",
		[AL_CONTRAST_CONTROL] = "the same port of another host",
	};
	size_t len = 0, i;
	unsigned n = 0;

	out[0] = '\0';
	for (i = 0; i < AL_CONTRASTS && len < cap; i++)
		if (answers[i] == which)
			len += (size_t)snprintf(out + len, cap - len, "%s%s",
			    n++ > 0 ? ", " : "", names[i]);
	return n;
}

static void
say(struct al_err *err,
    const enum al_contrast_answer answers[static AL_CONTRASTS])
{
	char names[160];
	unsigned n = list(names, sizeof(names), AL_CONTRAST_PASSED, answers);

	if (n > 0)
		al_err_prefix(err, "%s %s let through", names, n == 1 ? "is" :
		    "are");
	else if (list(names, sizeof(names), AL_CONTRAST_DENIED, answers) > 0)
		al_err_prefix(err, "nothing else is let through either (%s)",
		    names);
}

bool
al_contrast_judge(struct al_err *err,
    const enum al_contrast_answer answers[static AL_CONTRASTS])
{
	bool our_host = answers[AL_CONTRAST_PORT] == AL_CONTRAST_PASSED;
	bool our_port = answers[AL_CONTRAST_ADDRESS] == AL_CONTRAST_PASSED ||
	    answers[AL_CONTRAST_CONTROL] == AL_CONTRAST_PASSED;
	bool agent = answers[AL_CONTRAST_AGENT] == AL_CONTRAST_PASSED;

	say(err, answers);
	if (agent)
		err->cause = NC_AGENT;
	else if (our_port)
		err->cause = NC_HOST;
	else if (our_host)
		err->cause = NC_PORT;
	/* the port that everybody allows does not help: it was not ours */
	else if (err->cause == NC_PORT &&
	    answers[AL_CONTRAST_PORT] == AL_CONTRAST_DENIED)
		err->cause = NC_HOST;
	/* both pass: it is about this host on this port, and a name for that
	 * is a matter of taste */
	return agent || our_host != our_port;
}
