/* connector/syscfghelper/question.h - what libproxy may be asked. */
#ifndef AL_SYSCFGHELPER_QUESTION_H
#define AL_SYSCFGHELPER_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUESTION_MAX	300u		/* "https://[host]:port/" */

/*
 * The URL for libproxy.  False when the message is not one of ours, or its
 * host holds anything but the letters of a DNS name or an IPv6 address:
 * libproxy 0.4 pastes the URL into JavaScript and into lines of protocols.
 */
bool question_decode(char url[static QUESTION_MAX], const uint8_t *p,
    size_t len);

#endif
