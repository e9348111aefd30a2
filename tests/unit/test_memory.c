/* tests/unit/test_memory.c - what is remembered of proxies, and of whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/memory.h"

#define T0	UINT64_C(1000000)

static struct al_err err;

static struct al_hop
hop(enum al_proxy_kind kind, const char *host, uint16_t port, char *user)
{
	struct al_hop h = { .kind = kind, .port = port, .user = user };

	(void)snprintf(h.host, sizeof(h.host), "%s", host);
	return h;
}

/* Kind, host, port and user: another in one of them is another proxy. */
static void
one_each(void **state)
{
	static char ann[] = "ann", bob[] = "bob";
	const struct al_hop hops[] = {
		hop(AL_PROXY_HTTP, "a", 1, NULL),
		hop(AL_PROXY_HTTP, "a", 1, ann),
		hop(AL_PROXY_HTTP, "a", 1, bob),
		hop(AL_PROXY_HTTP, "a", 2, ann),
		hop(AL_PROXY_HTTP, "b", 1, ann),
		hop(AL_PROXY_HTTPS, "a", 1, ann),
	};
	const size_t n = sizeof(hops) / sizeof(hops[0]);
	struct al_memory *m = al_memory_new(&err);
	struct al_seen *seen[sizeof(hops) / sizeof(hops[0])];
	size_t i, j;

	(void)state;
	for (i = 0; i < n; i++) {
		seen[i] = al_memory_of(m, &hops[i]);
		assert_non_null(seen[i]);
		assert_int_equal(seen[i]->auth, AL_AUTH_UNKNOWN);
		for (j = 0; j < i; j++)
			assert_ptr_not_equal(seen[i], seen[j]);
	}
	for (i = 0; i < n; i++)
		assert_ptr_equal(al_memory_of(m, &hops[i]), seen[i]);
	assert_null(al_memory_of(NULL, &hops[0]));
	al_memory_free(m);
	al_memory_free(NULL);
}

static void
bounded(void **state)
{
	struct al_memory *m = al_memory_new(&err);
	struct al_hop h;
	uint16_t port;

	(void)state;
	for (port = 1; port <= 256; port++) {
		h = hop(AL_PROXY_HTTP, "a", port, NULL);
		assert_non_null(al_memory_of(m, &h));
	}
	h = hop(AL_PROXY_HTTP, "a", 257, NULL);
	assert_null(al_memory_of(m, &h));
	h = hop(AL_PROXY_HTTP, "a", 1, NULL);
	assert_non_null(al_memory_of(m, &h));
	al_memory_free(m);
}

static void
check_order(struct al_memory *m, const struct al_route *r, uint64_t now_us,
    const char *want)
{
	uint8_t order[AL_ROUTE_MAX];
	char got[AL_ROUTE_MAX + 1];
	size_t i;

	al_memory_order(m, r, now_us, order);
	for (i = 0; i < r->n; i++)
		got[i] = (char)('0' + order[i]);
	got[i] = '\0';
	assert_string_equal(got, want);
}

static void
order(void **state)
{
	struct al_memory *m = al_memory_new(&err);
	struct al_route r;

	(void)state;
	al_route_init(&r);
	assert_int_equal(al_route_add(&r, "http://a:1", &err), AL_OK);
	assert_int_equal(al_route_add(&r, "http://b:1,http://c:1", &err),
	    AL_OK);
	assert_int_equal(al_route_add(&r, "direct", &err), AL_OK);
	check_order(NULL, &r, T0, "012");
	check_order(m, &r, T0, "012");
	al_memory_failed(m, &r.chains[0], 0, T0);
	check_order(m, &r, T0, "120");
	/* any proxy of a chain */
	al_memory_failed(m, &r.chains[1], 1, T0 + 1);
	check_order(m, &r, T0 + 1, "201");
	/* the target's failure, and that of a direct way, rest nobody */
	al_memory_failed(m, &r.chains[2], 0, T0 + 1);
	al_memory_failed(m, &r.chains[0], 1, T0 + 1);
	check_order(m, &r, T0 + 1, "201");
	al_memory_works(m, &r.chains[1]);
	check_order(m, &r, T0 + 2, "120");
	/* rested */
	check_order(m, &r, T0 + AL_RESTING_US - 1, "120");
	check_order(m, &r, T0 + AL_RESTING_US, "012");
	al_memory_failed(NULL, &r.chains[0], 0, T0);
	al_memory_works(NULL, &r.chains[0]);
	al_route_fini(&r);
	al_memory_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_each), cmocka_unit_test(bounded),
		cmocka_unit_test(order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
