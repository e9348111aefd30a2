/* proxy/ntlm_challenge.h - what an NTLM server asks (MS-NLMP 2.2.1.2). */
#ifndef AL_PROXY_NTLM_CHALLENGE_H
#define AL_PROXY_NTLM_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"
#include "connector/base/hash.h"
#include "connector/base/reader.h"

/* Longest message we read; those of Windows and Samba have 150 to 500 bytes. */
#define AL_NTLM_CHALLENGE_MAX	4096

/* MS-NLMP 2.2.2.5: the flags that matter here. */
#define AL_NTLM_UNICODE		0x00000001u
#define AL_NTLM_REQUEST_TARGET	0x00000004u
#define AL_NTLM_NTLM		0x00000200u
#define AL_NTLM_ALWAYS_SIGN	0x00008000u
#define AL_NTLM_EXTENDED	0x00080000u	/* ..._SESSIONSECURITY */
#define AL_NTLM_TARGET_INFO	0x00800000u
#define AL_NTLM_128		0x20000000u
#define AL_NTLM_KEY_EXCH	0x40000000u
#define AL_NTLM_56		0x80000000u

/* MS-NLMP 2.2.2.1: MsvAv... */
enum al_ntlm_av {
	AL_NTLM_AV_EOL = 0,
	AL_NTLM_AV_NB_DOMAIN = 2,
	AL_NTLM_AV_FLAGS = 6,
	AL_NTLM_AV_TIMESTAMP = 7,
	AL_NTLM_AV_TARGET_NAME = 9,
	AL_NTLM_AV_CHANNEL_BINDINGS = 10
};

/* Everything lies in the message it was decoded from. */
struct al_ntlm_challenge {
	uint32_t	 flags;
	const uint8_t	*nonce;		/* 8 bytes                          */
	struct al_bytes	 target;	/* TargetName, UTF-16LE             */
	struct al_bytes	 info;		/* AV pairs without the end         */
	struct al_bytes	 domain;	/* MsvAvNbDomainName, UTF-16LE      */
	const uint8_t	*time;		/* MsvAvTimestamp, or NULL: none    */
	uint32_t	 av_flags;	/* MsvAvFlags, 0 if there are none  */
};

/* EPROTO: every length and offset has been checked against len. */
enum al_code al_ntlm_challenge_decode(struct al_ntlm_challenge *c,
    const void *p, size_t len, struct al_err *err) AL_MUST_CHECK;

/* The next pair.  false: the end of the list, or r->bad. */
bool al_ntlm_pair_next(struct al_reader *r, uint16_t *id, struct al_bytes *v);

#endif
