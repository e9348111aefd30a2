/* tests/unit/gss_helper.c - plays alpacon-gss-helper: the target says how. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "connector/helper/gss.h"
#include "connector/helper/serve.h"

static uint8_t msg[AL_GSS_MSG_MAX + 4], out[AL_GSS_MSG_MAX + 4];
static size_t len;

static size_t
unhex(uint8_t *to, const uint8_t *hex, size_t n)
{
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		to[i / 2] = (uint8_t)(al_hex_digit(hex[i]) << 4 |
		    al_hex_digit(hex[i + 1]));
	return n / 2;
}

/* The question back as a token; what is wrapped comes back as bytes. */
static void
echo(void)
{
	static const uint8_t types[] = { 0, AL_GSS_CONTINUE, AL_GSS_DONE,
	    AL_GSS_BYTES, AL_GSS_BYTES };

	out[0] = types[msg[0]];
	out[1] = AL_GSS_CAN_SIGN | AL_GSS_CAN_SEAL;
	memcpy(out + 2, msg, len);
	(void)al_serve_write(1, out, len + 2);
}

int
main(void)
{
	struct al_reader in;
	const uint8_t *target;
	size_t n;

	if (!al_serve_read(0, msg, sizeof(msg), &len))
		return 0;
	in = al_reader(msg, len);
	(void)al_read_bytes(&in, 3);
	n = al_read_u16(&in);
	target = al_read_bytes(&in, n);
	if (target == NULL)
		return 1;
	if (n > 4 && memcmp(target, "raw:", 4) == 0)
		(void)al_serve_write(1, out, unhex(out, target + 4, n - 4));
	else if (n == 4 && memcmp(target, "hang", 4) == 0)
		(void)pause();
	else if (n == 3 && memcmp(target, "die", 3) == 0)
		return 7;
	else
		echo();
	while (al_serve_read(0, msg, sizeof(msg), &len))
		if (n == 6 && memcmp(target, "refuse", 6) == 0)
			(void)al_serve_write(1,
			    (const uint8_t *)"\3\0no \x1b[31mtoken", 15);
		else
			echo();
	return 0;
}
