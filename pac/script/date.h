/* pac/script/date.h - JavaScript's Date, as far as the functions need it. */
#ifndef AL_PAC_SCRIPT_DATE_H
#define AL_PAC_SCRIPT_DATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The local time is the C library's, through localtime_r() only: once it knows
 * the zone, that opens no file and looks at none, unlike mktime() and
 * localtime(), and the sandbox of the helpers allows neither.
 */
enum al_date_field {		/* in the order in which "GMT" sets them */
	AL_DATE_YEAR,
	AL_DATE_MONTH,		/* 0 to 11 */
	AL_DATE_DAY,		/* 1 to 31 */
	AL_DATE_HOUR,
	AL_DATE_MINUTE,
	AL_DATE_SECOND
};
#define AL_DATE_FIELDS	6

enum al_date_zone { AL_DATE_LOCAL, AL_DATE_UTC };

struct al_date {
	int64_t	ms;		/* since 1970, UTC                          */
	bool	valid;		/* false: "Invalid Date", equal to nothing  */
};

struct al_date al_date_at(int64_t ms);
/* Local midnight that begins 1 January, or a second before that ends the
 * year. */
struct al_date al_date_first_of(int64_t year);
struct al_date al_date_last_of(int64_t year);

/* Of a valid date. */
int64_t al_date_get(const struct al_date *d, enum al_date_field f,
    enum al_date_zone zone);
int al_date_weekday(const struct al_date *d, enum al_date_zone zone);

/* setFullYear() to setSeconds(), in local time: the other fields stay, what is
 * too much for one goes over into the next. */
void al_date_set(struct al_date *d, enum al_date_field f, double value);

bool al_date_is_ordered(const struct al_date *a, const struct al_date *b);

#endif
