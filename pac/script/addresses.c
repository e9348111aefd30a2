/* pac/script/addresses.c - functions that compare addresses. */
#include "pac/script/functions.h"

#include <string.h>

#include "connector/base/str.h"
#include "pac/script/ip.h"
#include "pac/script/value.h"

static bool
quad_of(const struct al_value *v, struct al_script_ip *ip)
{
	return al_value_is_text(v) && al_ip_parse_quad(ip, v->text, v->len);
}

void
al_script_is_valid_ip_address(struct al_call *c)
{
	struct al_script_ip ip;

	al_call_give_bool(c, quad_of(al_call_arg(c, 0), &ip));
}

static bool
masked_equal(const struct al_script_ip *a, const struct al_script_ip *b,
    const struct al_script_ip *mask)
{
	for (size_t i = 0; i < 4; i++)
		if (((a->bytes[i] ^ b->bytes[i]) & mask->bytes[i]) != 0)
			return false;
	return true;
}

void
al_script_is_in_net(struct al_call *c)
{
	const struct al_value *host = al_call_arg(c, 0);
	struct al_script_ip ip, pattern, mask;

	/* In this order: a bad pattern costs no look-up. */
	al_call_give_bool(c, quad_of(al_call_arg(c, 1), &pattern) &&
	    quad_of(al_call_arg(c, 2), &mask) &&
	    (quad_of(host, &ip) || al_script_resolve4(c, host, &ip)) &&
	    masked_equal(&ip, &pattern, &mask));
}

/* ECMA-262 7.1.6 ToInt32: all that is left of it in the last byte. */
static uint8_t
low_byte(double number)
{
	if (!(number > -0x1p63 && number < 0x1p63))
		return 0;
	return (uint8_t)((uint64_t)(int64_t)number & 0xff);
}

void
al_script_convert_addr(struct al_call *c)
{
	const struct al_value *arg = al_call_arg(c, 0);
	struct al_value part = *arg;
	uint32_t bits = 0;
	size_t left = arg->len;

	if (!al_value_is_text(arg)) {
		al_call_throw(c, "convert_addr wants a string");
		return;
	}
	for (int i = 0; i < 4; i++) {
		const char *dot = memchr(part.text, '.', left);

		part.len = dot != NULL ? (size_t)(dot - part.text) : left;
		bits = bits << 8 | low_byte(al_value_number(&part));
		left -= part.len + (dot != NULL);
		part.text += part.len + (dot != NULL);
	}
	al_call_give_number(c, (int32_t)bits);
}

/* IPv4 as the IPv6 that it is when the other one is IPv6. */
static void
map_to_ipv6(struct al_script_ip *ip)
{
	if (ip->family == 6)
		return;
	ip->family = 6;
	memcpy(ip->bytes + 12, ip->bytes, 4);
	memset(ip->bytes, 0, 10);
	memset(ip->bytes + 10, 0xff, 2);
}

static void
trim(const char **p, size_t *len)
{
	while (*len > 0 && strchr(" \t\n\v\f\r", **p) != NULL && **p != '\0') {
		(*p)++;
		(*len)--;
	}
	while (*len > 0 && strchr(" \t\n\v\f\r", (*p)[*len - 1]) != NULL &&
	    (*p)[*len - 1] != '\0')
		(*len)--;
}

static bool
parse_bits(const char *p, size_t len, unsigned max, unsigned *bits)
{
	*bits = 0;
	for (size_t i = 0; i < len; i++) {
		if (!al_is_digit(p[i]))
			return false;
		*bits = *bits * 10 + (unsigned)(p[i] - '0');
		if (*bits > max)
			return false;
	}
	return len > 0;
}

/* "10.0.0.0/8", blanks around each part allowed. */
static bool
parse_prefix(const struct al_value *v, struct al_script_ip *ip, unsigned *bits)
{
	const char *slash = memchr(v->text, '/', v->len);
	const char *p = v->text, *count;
	size_t len, count_len;

	if (slash == NULL)
		return false;
	len = (size_t)(slash - p);
	count = slash + 1;
	count_len = v->len - len - 1;
	trim(&p, &len);
	trim(&count, &count_len);
	return al_ip_parse_url(ip, p, len) &&
	    parse_bits(count, count_len, 8 * (unsigned)al_ip_len(ip), bits);
}

static bool
begins_with_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(a, b, whole) == 0 &&
	    (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

void
al_script_is_in_net_ex(struct al_call *c)
{
	const struct al_value *host = al_call_arg(c, 0);
	const struct al_value *net = al_call_arg(c, 1);
	struct al_script_ip ip, prefix;
	unsigned bits;

	if (!al_value_is_text(host) || !al_value_is_text(net)) {
		al_call_give_null(c);
		return;
	}
	if (!al_ip_parse_url(&ip, host->text, host->len) ||
	    !parse_prefix(net, &prefix, &bits)) {
		al_call_give_bool(c, false);
		return;
	}
	if (ip.family != prefix.family) {
		bits += prefix.family == 4 ? 96 : 0;
		map_to_ipv6(&ip);
		map_to_ipv6(&prefix);
	}
	al_call_give_bool(c, begins_with_bits(ip.bytes, prefix.bytes, bits));
}

struct entry {
	struct al_script_ip	 ip;
	const char		*text;
	size_t			 len;
};

/* IPv6 first, then ascending. */
static bool
is_before(const struct al_script_ip *a, const struct al_script_ip *b)
{
	if (a->family != b->family)
		return a->family == 6;
	return memcmp(a->bytes, b->bytes, al_ip_len(a)) < 0;
}

/*
 * Behind its equals.  Not qsort(): that of glibc asks the system for the size
 * of the memory, which the sandbox of the helpers doesn't allow.
 */
static void
insert(struct entry *list, size_t n, const struct entry *new)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(&new->ip, &list[middle].ip))
			high = middle;
		else
			low = middle + 1;
	}
	memmove(&list[low + 1], &list[low], (n - low) * sizeof(*list));
	list[low] = *new;
}

/* false: one of them is no address. */
static bool
sort(const char *text, size_t len, struct entry *list, size_t *n)
{
	*n = 0;
	while (len > 0) {
		const char *end = memchr(text, ';', len);
		struct entry new = { .text = text, .len =
		    end != NULL ? (size_t)(end - text) : len };

		if (new.len > 0) {
			if (!al_ip_parse_url(&new.ip, text, new.len))
				return false;
			insert(list, (*n)++, &new);
		}
		text += new.len + (end != NULL);
		len -= new.len + (end != NULL);
	}
	return true;
}

static void
give_entries(struct al_call *c, const struct entry *list, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			c->text[len++] = ';';
		memcpy(c->text + len, list[i].text, list[i].len);
		len += list[i].len;
	}
	al_call_give_text(c, c->text, len);
}

void
al_script_sort_ip_address_list(struct al_call *c)
{
	const struct al_value *arg = al_call_arg(c, 0);
	char clean[AL_SCRIPT_TEXT_MAX];
	struct entry list[AL_SCRIPT_TEXT_MAX / 2];	/* "1;1;..." */
	size_t len = 0, n;

	if (!al_value_is_text(arg)) {
		al_call_give_null(c);
		return;
	}
	for (size_t i = 0; i < arg->len; i++) {
		if (arg->text[i] == ' ' || arg->text[i] == '\t')
			continue;
		if (len == sizeof(clean)) {
			al_call_throw(c,
			    "sortIpAddressList: the list is too long");
			return;
		}
		clean[len++] = arg->text[i];
	}
	if (sort(clean, len, list, &n) && n > 0)
		give_entries(c, list, n);
	else
		al_call_give_bool(c, false);
}
