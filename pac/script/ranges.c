/* pac/script/ranges.c - functions of the weekday, the date and the time. */
#include "pac/script/functions.h"

#include <math.h>
#include <string.h>

#include "pac/script/date.h"
#include "pac/script/value.h"

/* What all three begin with. */
struct range {
	const struct al_call	*c;
	size_t			 n;	/* arguments but for "GMT" */
	enum al_date_zone	 zone;
	struct al_date		 now;
};

static struct range
range_of(const struct al_call *c)
{
	struct range r = { .c = c, .n = c->n, .zone = AL_DATE_LOCAL,
	    .now = al_date_at(c->host->clock_ms(c->host->arg)) };

	if (r.n > 0 && al_value_is(&c->args[r.n - 1], "GMT")) {
		r.zone = AL_DATE_UTC;
		r.n--;
	}
	return r;
}

/* Its place among names of three letters, or -1. */
static int
place_of(const struct al_value *v, const char *names)
{
	if (!al_value_is_text(v) || v->len != 3)
		return -1;
	for (int i = 0; names[3 * i] != '\0'; i++)
		if (memcmp(v->text, names + 3 * i, 3) == 0)
			return i;
	return -1;
}

static int
weekday_of(const struct al_value *v)
{
	return place_of(v, "SUNMONTUEWEDTHUFRISAT");
}

static int
month_of(const struct al_value *v)
{
	return place_of(v, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC");
}

void
al_script_weekday_range(struct al_call *c)
{
	struct range r = range_of(c);
	int first = weekday_of(al_call_arg(c, 0)), last = first, today;

	if (r.n == 2)
		last = weekday_of(al_call_arg(c, 1));
	if (first < 0 || last < 0 || !r.now.valid) {
		al_call_give_bool(c, false);
		return;
	}
	today = al_date_weekday(&r.now, r.zone);
	al_call_give_bool(c, first <= last ?
	    first <= today && today <= last :
	    today <= last || today >= first);
}

/*
 * The browsers give "now" the fields that it has in UTC, one after the other,
 * although each of them may change what the next ones are.
 */
static struct al_date
shifted(const struct range *r)
{
	struct al_date now = r->now;

	if (r->zone == AL_DATE_LOCAL)
		return now;
	for (int f = 0; f < AL_DATE_FIELDS && now.valid; f++)
		al_date_set(&now, (enum al_date_field)f, (double)al_date_get(
		    &now, (enum al_date_field)f, AL_DATE_UTC));
	return now;
}

/* Both ends included; a first one after the last one: around the end. */
static bool
is_within(const struct al_date *first, const struct al_date *last,
    const struct al_date *now)
{
	if (al_date_is_ordered(first, last))
		return al_date_is_ordered(first, now) &&
		    al_date_is_ordered(now, last);
	return al_date_is_ordered(now, last) || al_date_is_ordered(first, now);
}

/* A name is a month, a number below 32 a day, another one a year. */
static enum al_date_field
date_part(const struct al_value *v, double *value)
{
	*value = al_value_parse_int(v);
	if (isnan(*value)) {
		*value = month_of(v);
		return AL_DATE_MONTH;
	}
	return *value < 32 ? AL_DATE_DAY : AL_DATE_YEAR;
}

static bool
one_date(const struct range *r)
{
	double value;
	enum al_date_field f = date_part(al_call_arg(r->c, 0), &value);

	return r->now.valid &&
	    (double)al_date_get(&r->now, f, r->zone) == value;
}

static bool
two_dates(const struct range *r)
{
	int64_t year = al_date_get(&r->now, AL_DATE_YEAR, AL_DATE_LOCAL);
	struct al_date first = al_date_first_of(year);
	struct al_date last = al_date_last_of(year);
	struct al_date now;
	bool days_of_month = false;

	for (size_t i = 0; i < r->n; i++) {
		bool begins = i < r->n / 2;
		enum al_date_field f;
		double value;

		f = date_part(al_call_arg(r->c, i), &value);
		al_date_set(begins ? &first : &last, f, value);
		if (begins && f == AL_DATE_DAY)
			days_of_month = r->n <= 2;
	}
	if (days_of_month) {
		double month = (double)al_date_get(&r->now, AL_DATE_MONTH,
		    AL_DATE_LOCAL);

		al_date_set(&first, AL_DATE_MONTH, month);
		al_date_set(&last, AL_DATE_MONTH, month);
	}
	now = shifted(r);
	return is_within(&first, &last, &now);
}

void
al_script_date_range(struct al_call *c)
{
	struct range r = range_of(c);
	bool in = false;

	if (r.n == 1)
		in = one_date(&r);
	else if (c->n > 0 && r.now.valid)
		in = two_dates(&r);
	al_call_give_bool(c, in);
}

static double
number_at(const struct range *r, size_t i)
{
	return al_value_number(al_call_arg(r->c, i));
}

static bool
whole_hours(const struct range *r)
{
	double hour;

	if (!r->now.valid)
		return false;
	hour = (double)al_date_get(&r->now, AL_DATE_HOUR, r->zone);
	if (r->n == 1)
		return !al_value_is_nothing(al_call_arg(r->c, 0)) &&
		    hour == number_at(r, 0);
	return number_at(r, 0) <= hour && hour <= number_at(r, 1);
}

/*
 * Hours and minutes, or seconds, too; today, by the local calendar.  Without
 * seconds all three have those of now: it is the minutes that count.
 */
static bool
times_of_day(const struct range *r)
{
	struct al_date first = r->now, last = r->now, now = shifted(r);
	size_t half = r->n / 2;

	if (half == 3) {
		al_date_set(&first, AL_DATE_SECOND, number_at(r, 2));
		al_date_set(&last, AL_DATE_SECOND, number_at(r, 5));
	}
	al_date_set(&first, AL_DATE_HOUR, number_at(r, 0));
	al_date_set(&first, AL_DATE_MINUTE, number_at(r, 1));
	al_date_set(&last, AL_DATE_HOUR, number_at(r, half));
	al_date_set(&last, AL_DATE_MINUTE, number_at(r, half + 1));
	return is_within(&first, &last, &now);
}

void
al_script_time_range(struct al_call *c)
{
	struct range r = range_of(c);

	if (c->n == 0)
		al_call_give_bool(c, false);
	else if (r.n == 1 || r.n == 2)
		al_call_give_bool(c, whole_hours(&r));
	else if (r.n == 4 || r.n == 6)
		al_call_give_bool(c, times_of_day(&r));
	else
		al_call_throw(c, "timeRange: bad number of arguments");
}
