/* connector/daemon/nearest.c - which name was meant. */
#include "connector/daemon/nearest.h"

#include <string.h>

#include "connector/base/str.h"

#define WORD_MAX	64

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

static int
same(char a, char b)
{
	return al_lower(a == '-' ? '_' : a) == al_lower(b == '-' ? '_' : b);
}

/*
 * Letters to put in, take out, change or swap with the next one to make a
 * out of b (optimal string alignment); '-' and '_' are one letter.
 */
static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 1], i, j;
	size_t *two = rows[0], *one = rows[1], *now = rows[2], *spare;

	for (j = 0; j <= b_len; j++)
		one[j] = j;
	for (i = 1; i <= a_len; i++) {
		now[0] = i;
		for (j = 1; j <= b_len; j++) {
			now[j] = min3(one[j] + 1, now[j - 1] + 1,
			    one[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]) && two[j - 2] + 1 < now[j])
				now[j] = two[j - 2] + 1;
		}
		spare = two;
		two = one;
		one = now;
		now = spare;
	}
	return one[b_len];
}

void
al_nearest_try(struct al_nearest *n, const char *name)
{
	size_t a = strlen(n->word), b = strlen(name), d;

	if (a > WORD_MAX || b > WORD_MAX)
		return;
	d = distance(n->word, a, name, b);
	if (d < n->distance) {
		n->distance = d;
		n->best = name;
	}
}

const char *
al_nearest(const struct al_nearest *n)
{
	size_t limit = strlen(n->word) / 3;

	if (n->best == NULL || n->distance > (limit > 0 ? limit : 1))
		return NULL;
	return n->best;
}
