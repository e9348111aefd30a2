/* pac/script/date.c - JavaScript's Date, as far as the functions need it. */
#include "pac/script/date.h"

#include <time.h>

#define DAY_MS		86400000
#define DATE_MAX	8640000000000000	/* ECMA-262 21.4.1.1 */

/* Local or UTC; what is left below the second at the end. */
struct parts {
	int64_t	field[AL_DATE_FIELDS];
	int64_t	ms;
};

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
floor_mod(int64_t a, int64_t b)
{
	return a - floor_div(a, b) * b;
}

/* Days from 1970-01-01 to the first of a month; years begin in March here. */
static int64_t
days_to_month(int64_t year, int64_t month)
{
	int64_t y = month < 2 ? year - 1 : year;
	int64_t from_march = month < 2 ? month + 10 : month - 2;

	return y * 365 + floor_div(y, 4) - floor_div(y, 100) +
	    floor_div(y, 400) + (from_march * 153 + 2) / 5 - 719468;
}

/* Local time less UTC, at a time in UTC. */
static int64_t
offset_at(int64_t ms)
{
	time_t seconds = (time_t)floor_div(ms, 1000);
	struct tm tm;

	return localtime_r(&seconds, &tm) != NULL ?
	    (int64_t)tm.tm_gmtoff * 1000 : 0;
}

static struct parts
split(int64_t ms)
{
	int64_t day = floor_div(ms, DAY_MS), rest = floor_mod(ms, DAY_MS);
	int64_t year = 1970 + floor_div(day * 400, 146097), month = 11;

	while (days_to_month(year, 0) > day)
		year--;
	while (days_to_month(year + 1, 0) <= day)
		year++;
	while (days_to_month(year, month) > day)
		month--;
	return (struct parts){
		.field = { year, month, day - days_to_month(year, month) + 1,
		    rest / 3600000, rest / 60000 % 60, rest / 1000 % 60 },
		.ms = rest % 1000,
	};
}

/*
 * ECMA-262 21.4.1.26: a time that comes twice is the first of them, one that
 * never comes is read as if the clocks had not been put forward.
 */
static int64_t
utc_of(int64_t local)
{
	int64_t before = offset_at(local - DAY_MS);
	int64_t after = offset_at(local + DAY_MS);

	if (offset_at(local - before) != before &&
	    offset_at(local - after) == after)
		return local - after;
	return local - before;
}

static struct al_date
join(const struct parts *p)
{
	int64_t year = p->field[AL_DATE_YEAR] +
	    floor_div(p->field[AL_DATE_MONTH], 12);
	int64_t month = floor_mod(p->field[AL_DATE_MONTH], 12);
	double day, ms;

	/* As double: whatever was set, the sum is right or far too big. */
	day = (double)days_to_month(year, month) +
	    (double)p->field[AL_DATE_DAY] - 1;
	ms = day * DAY_MS + (double)p->field[AL_DATE_HOUR] * 3600000 +
	    (double)p->field[AL_DATE_MINUTE] * 60000 +
	    (double)p->field[AL_DATE_SECOND] * 1000 + (double)p->ms;
	if (!(ms >= -(double)DATE_MAX - DAY_MS && ms <=
	    (double)DATE_MAX + DAY_MS))
		return (struct al_date){ .valid = false };
	return al_date_at(utc_of((int64_t)ms));
}

struct al_date
al_date_at(int64_t ms)
{
	return (struct al_date){ .ms = ms,
	    .valid = ms >= -DATE_MAX && ms <= DATE_MAX };
}

struct al_date
al_date_first_of(int64_t year)
{
	return join(&(struct parts){ .field = { year, 0, 1, 0, 0, 0 } });
}

struct al_date
al_date_last_of(int64_t year)
{
	return join(&(struct parts){ .field = { year, 11, 31, 23, 59, 59 } });
}

static int64_t
in_zone(const struct al_date *d, enum al_date_zone zone)
{
	return d->ms + (zone == AL_DATE_LOCAL ? offset_at(d->ms) : 0);
}

int64_t
al_date_get(const struct al_date *d, enum al_date_field f,
    enum al_date_zone zone)
{
	return split(in_zone(d, zone)).field[f];
}

int
al_date_weekday(const struct al_date *d, enum al_date_zone zone)
{
	/* 1970-01-01 was a Thursday. */
	return (int)floor_mod(floor_div(in_zone(d, zone), DAY_MS) + 4, 7);
}

void
al_date_set(struct al_date *d, enum al_date_field f, double value)
{
	struct parts p;

	/* Only a year makes an invalid date valid: that of 1 January 1970. */
	if (!d->valid && f != AL_DATE_YEAR)
		return;
	p = split(d->valid ? in_zone(d, AL_DATE_LOCAL) : 0);
	if (!(value >= -1e13 && value <= 1e13)) {
		d->valid = false;
		return;
	}
	p.field[f] = (int64_t)value;
	*d = join(&p);
}

bool
al_date_is_ordered(const struct al_date *a, const struct al_date *b)
{
	return a->valid && b->valid && a->ms <= b->ms;
}
