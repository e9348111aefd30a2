/* connector/gatewayd/add.c - "add connector|operator NAME". */
#include "connector/gatewayd/add.h"

#include <stdio.h>
#include <string.h>

#include "connector/daemon/cli.h"
#include "connector/gatewayd/config.h"
#include "connector/gatewayd/identity.h"

static void
show(enum al_identity_kind kind, const char *name,
    const struct al_new_identity *n)
{
	if (kind == AL_IDENTITY_CONNECTOR)
		(void)printf("connector %s\nid     %s\nkey    %s\n\n"
		    "The key is kept nowhere else: put it into the file that "
		    "the connector's\nsettings name as key_file (mode 0600), "
		    "beside \"id\".\n", name, n->id, n->secret);
	else
		(void)printf("operator %s\ntoken  %s\n\n"
		    "The token is kept nowhere else: put it into a file of "
		    "mode 0600 and name that\nwith alpacon-tunnel "
		    "--token-file.\n", name, n->secret);
	(void)printf("A running gateway takes it in with SIGHUP (systemctl "
	    "reload alpacon-gatewayd),\nor by itself within 5 minutes.\n");
}

enum al_code
al_add(const char *config, int n, char *const *words, struct al_err *err)
{
	enum al_identity_kind kind = AL_IDENTITY_CONNECTOR;
	struct al_new_identity new;
	struct al_conf *conf;
	enum al_code code;

	if (n != 2 || (strcmp(words[0], "connector") != 0 &&
	    strcmp(words[0], "operator") != 0))
		return al_cli_fail(err,
		    "say \"add connector NAME\" or \"add operator NAME\"");
	if (words[0][0] == 'o')
		kind = AL_IDENTITY_OPERATOR;
	conf = al_gateway_conf_read(config, err);
	if (conf == NULL)
		return err->code;
	code = al_identity_add(al_conf_text(conf, NULL, NULL,
	    kind == AL_IDENTITY_CONNECTOR ? "connectors_file" :
	    "operators_file"), kind, NULL, words[1], &new, err);
	if (code == AL_OK) {
		show(kind, words[1], &new);
		if (fflush(stdout) != 0)
			code = al_fail(err, AL_EUSAGE, AL_AT_LOCAL, 0,
			    "the secret could not be written out: remove %s "
			    "from the file and add it again", words[1]);
		explicit_bzero(&new, sizeof(new));
	}
	al_conf_free(conf);
	return code;
}
