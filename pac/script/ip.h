/* pac/script/ip.h - addresses in the arguments of a script. */
#ifndef AL_PAC_SCRIPT_IP_H
#define AL_PAC_SCRIPT_IP_H

#include "pac/script/script.h"

#define AL_IP_TEXT	46	/* and NUL */

/* Four decimal numbers, zeros before them allowed, as isInNet reads them. */
bool al_ip_parse_quad(struct al_script_ip *ip, const char *text, size_t len);
/* As inet_pton: nobody can take it for a name. */
bool al_ip_parse_strict(struct al_script_ip *ip, const char *text, size_t len);
/* As in a URL: IPv4 also as "127.1", "0x7f.1" or "2130706433". */
bool al_ip_parse_url(struct al_script_ip *ip, const char *text, size_t len);
/* Returns its length. */
size_t al_ip_format(const struct al_script_ip *ip, char out[AL_IP_TEXT]);
size_t al_ip_len(const struct al_script_ip *ip);	/* 4, 16 */

#endif
