/* pac/script/ip.c - addresses in the arguments of a script. */
#include "pac/script/ip.h"

#include <arpa/inet.h>
#include <string.h>

#include "connector/base/str.h"

size_t
al_ip_len(const struct al_script_ip *ip)
{
	return ip->family == 4 ? 4 : 16;
}

/* A number of up to three digits, up to 255; how many digits, 0: none. */
static size_t
octet(const char *p, size_t len, uint8_t *value)
{
	unsigned sum = 0;
	size_t n = 0;

	while (n < len && n < 4 && al_is_digit(p[n]))
		sum = sum * 10 + (unsigned)(p[n++] - '0');
	*value = (uint8_t)sum;
	return n <= 3 && sum <= 255 ? n : 0;
}

bool
al_ip_parse_quad(struct al_script_ip *ip, const char *text, size_t len)
{
	*ip = (struct al_script_ip){ .family = 4 };
	for (size_t i = 0; i < 4; i++) {
		size_t n;

		if (i > 0) {
			if (len == 0 || *text != '.')
				return false;
			text++;
			len--;
		}
		n = octet(text, len, &ip->bytes[i]);
		if (n == 0)
			return false;
		text += n;
		len -= n;
	}
	return len == 0;
}

/* A copy that ends with NUL; false: no address is that long, or holds NUL. */
static bool
copy_of(char out[AL_IP_TEXT], const char *text, size_t len)
{
	if (len == 0 || len >= AL_IP_TEXT || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

bool
al_ip_parse_strict(struct al_script_ip *ip, const char *text, size_t len)
{
	char copy[AL_IP_TEXT];

	*ip = (struct al_script_ip){ .family = 4 };
	if (!copy_of(copy, text, len))
		return false;
	if (inet_pton(AF_INET, copy, ip->bytes) == 1)
		return true;
	ip->family = 6;
	return inet_pton(AF_INET6, copy, ip->bytes) == 1;
}

bool
al_ip_parse_url(struct al_script_ip *ip, const char *text, size_t len)
{
	char copy[AL_IP_TEXT];
	struct in_addr v4;

	if (al_ip_parse_strict(ip, text, len))
		return true;
	if (len > 0 && text[len - 1] == '.')
		len--;
	/* inet_aton alone would take whatever follows a blank. */
	if (!copy_of(copy, text, len) ||
	    strspn(copy, "0123456789abcdefABCDEFxX.") != len ||
	    inet_aton(copy, &v4) == 0)
		return false;
	ip->family = 4;
	memcpy(ip->bytes, &v4, 4);
	return true;
}

size_t
al_ip_format(const struct al_script_ip *ip, char out[AL_IP_TEXT])
{
	if (inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes, out,
	    AL_IP_TEXT) == NULL)
		out[0] = '\0';
	return strlen(out);
}
