/* tests/unit/test_pac_ranges.c - weekdays, dates and times of PAC files. */
#include <time.h>

#include "tests/unit/pac_call.h"

/* With their rules, so that no zone file is wanted. */
#define UTC		"UTC0"
#define NEW_YORK	"EST5EDT,M3.2.0,M11.1.0"
#define KOLKATA		"IST-5:30"
#define AUCKLAND	"NZST-12NZDT,M9.5.0,M4.1.0/3"
#define LORD_HOWE	"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"

static const char *const zones[] = {
	UTC, NEW_YORK, KOLKATA, AUCKLAND, LORD_HOWE,
};

/* What the functions of Firefox and Chromium give, run in Chromium's engine. */
static const struct {
	const char	*expr, *want;
} rows[] = {
	/* From here on: in UTC, or, without a zone, local time in each. */
#define AT(zone, now)	{ "@" now, zone }
	/* PAC.md 4, in every zone */
	AT(NULL, "2009-03-03T03:34:01"),
	{ "weekdayRange('MON', 'FRI')", "true" },
	{ "weekdayRange('SAT', 'WED')", "true" },
	{ "weekdayRange('FRI', 'MON')", "false" },
	{ "dateRange(3)", "true" },
	{ "dateRange(1)", "false" },
	{ "dateRange('JAN', 'MAR')", "true" },
	{ "dateRange('SEP', 'APR')", "true" },
	{ "dateRange('MAY', 'SEP')", "false" },
	{ "dateRange(1, 'JAN', 3, 'MAR')", "true" },
	{ "timeRange(3)", "true" },
	{ "timeRange(2)", "false" },
	{ "timeRange(2, 3)", "true" },
	{ "timeRange(3, 5)", "true" },
	{ "timeRange(1, 0, 3, 34)", "true" },
	{ "timeRange(1, 0, 3, 0)", "false" },
	/* weekdays */
	{ "weekdayRange('TUE', 'FRI')", "true" },
	{ "weekdayRange('TUE', 'TUE')", "true" },
	{ "weekdayRange('TUE')", "true" },
	{ "weekdayRange('WED', 'FRI')", "false" },
	{ "weekdayRange('SUN', 'MON')", "false" },
	{ "weekdayRange('SAT')", "false" },
	{ "weekdayRange('WED', 'TUE')", "true" },
	{ "weekdayRange('WED', 'MON')", "false" },
	{ "weekdayRange('tue')", "false" },
	{ "weekdayRange('TUESDAY')", "false" },
	{ "weekdayRange('TU')", "false" },
	{ "weekdayRange('')", "false" },
	{ "weekdayRange('TUE\\0')", "false" },
	{ "weekdayRange('NTU')", "false" },
	{ "weekdayRange('TUE', 'x')", "false" },
	{ "weekdayRange('x', 'TUE')", "false" },
	{ "weekdayRange('TUE', null)", "false" },
	{ "weekdayRange('TUE', undefined)", "false" },
	{ "weekdayRange('TUE', 'gmt')", "false" },
	{ "weekdayRange('TUE', 'FRI', 'x')", "true" },
	{ "weekdayRange('MON', 'FRI', 'x')", "false" },
	{ "weekdayRange('GMT')", "false" },
	{ "weekdayRange(2)", "false" },
	{ "weekdayRange(null)", "false" },
	{ "weekdayRange(true)", "false" },
	{ "weekdayRange()", "false" },
	/* dates: a day, a month or a year */
	{ "dateRange('3')", "true" },
	{ "dateRange(' 3rd')", "true" },
	{ "dateRange('\\r\\n3')", "true" },
	{ "dateRange('\\u00a03')", "true" },
	{ "dateRange(3.9)", "true" },
	{ "dateRange('0x3')", "true" },
	{ "dateRange('3e0')", "true" },
	{ "dateRange('+3')", "true" },
	{ "dateRange(-3)", "false" },
	{ "dateRange(0)", "false" },
	{ "dateRange(31)", "false" },
	{ "dateRange(32)", "false" },
	{ "dateRange('MAR')", "true" },
	{ "dateRange('FEB')", "false" },
	{ "dateRange('mar')", "false" },
	{ "dateRange('MARCH')", "false" },
	{ "dateRange(2009)", "true" },
	{ "dateRange(2008)", "false" },
	{ "dateRange('2009')", "true" },
	{ "dateRange('')", "false" },
	{ "dateRange('x')", "false" },
	{ "dateRange(null)", "false" },
	{ "dateRange(true)", "false" },
	{ "dateRange(NaN)", "false" },
	{ "dateRange(Infinity)", "false" },
	{ "dateRange('3\\0')", "true" },
	{ "dateRange('\\u06603')", "false" },
	{ "dateRange()", "false" },
	/* from one to another; the end may come before the beginning */
	{ "dateRange(1, 4)", "true" },
	{ "dateRange(4, 20)", "false" },
	{ "dateRange(3, 3)", "true" },
	{ "dateRange(2, 2)", "false" },
	{ "dateRange(20, 4)", "true" },
	{ "dateRange(20, 2)", "false" },
	{ "dateRange(1, 31)", "true" },
	{ "dateRange('MAR', 'MAR')", "true" },
	{ "dateRange('MAR', 'JAN')", "true" },
	{ "dateRange('FEB', 'JAN')", "true" },
	{ "dateRange('SEP', 'FEB')", "true" },
	{ "dateRange('MAR', 'APR')", "true" },
	{ "dateRange(2009, 2009)", "true" },
	{ "dateRange(2008, 2010)", "true" },
	{ "dateRange(2010, 2011)", "false" },
	{ "dateRange(2005, 2008)", "false" },
	{ "dateRange(2010, 2008)", "false" },
	{ "dateRange(3, 'MAR', 1, 'JAN')", "true" },
	{ "dateRange(4, 'SEP', 3, 'APR')", "true" },
	{ "dateRange(4, 'FEB', 3, 'JAN')", "true" },
	{ "dateRange(4, 'SEP', 3, 'FEB')", "false" },
	{ "dateRange(3, 'MAR', 4, 'SEP')", "true" },
	{ "dateRange(4, 'MAR', 4, 'SEP')", "false" },
	{ "dateRange('MAR', 3, 'SEP', 4)", "true" },
	{ "dateRange('FEB', 2009, 'MAR', 2009)", "true" },
	{ "dateRange('FEB', 2008, 'FEB', 2009)", "true" },
	{ "dateRange('APR', 2009, 'MAR', 2010)", "false" },
	{ "dateRange(1, 'JAN', 2009, 3, 'MAR', 2009)", "true" },
	{ "dateRange(3, 'MAR', 2009, 4, 'SEP', 2009)", "true" },
	{ "dateRange(3, 'JAN', 2009, 4, 'FEB', 2010)", "true" },
	{ "dateRange(4, 'MAR', 2009, 4, 'SEP', 2009)", "false" },
	{ "dateRange(1, 'JUN', 1995, 15, 'AUG', 1995)", "false" },
	/* what the browsers make of half a range */
	{ "dateRange(3, 'MAR')", "true" },
	{ "dateRange(2, 'MAR')", "true" },
	{ "dateRange(3, 'JAN')", "true" },
	{ "dateRange(3, 'MAR', 2009)", "true" },
	{ "dateRange(4, 'MAR', 2009)", "true" },
	{ "dateRange(3, 'FEB', 2009)", "true" },
	{ "dateRange('MAR', 2008)", "true" },
	{ "dateRange('x', 'MAR')", "true" },
	{ "dateRange('MAR', 'x')", "true" },
	{ "dateRange(null, null)", "false" },
	{ "dateRange('GMT', 'GMT')", "false" },
	{ "dateRange(3, 'MAR', 'x', 3)", "true" },
	{ "dateRange(-1e300, 5)", "true" },
	{ "dateRange('99999999999999999999', 'JAN', 5, 'MAR')", "true" },
	{ "dateRange('99999999999999999999', 2009, 5, 'MAR')", "true" },
	{ "dateRange('99999999999999999999', 2009, 1, 2008)", "true" },
	{ "dateRange('99999999999999999999', 5, 1, 2008)", "false" },
	{ "dateRange(1, 2, 3, 4, 5, 6, 7)", "true" },
	/* month ends overflow: 31 February is 3 March */
	{ "dateRange('FEB', 'FEB')", "true" },
	{ "dateRange('JAN', 'FEB')", "true" },
	{ "dateRange(31, 'FEB', 31, 'FEB')", "true" },
	{ "dateRange(1, 'FEB', 28, 'FEB')", "false" },
	AT(NULL, "2009-03-04T00:00:00"),
	{ "dateRange('JAN', 'FEB')", "false" },
	{ "dateRange('FEB', 'FEB')", "false" },
	{ "dateRange(3)", "false" },
	/* the last second is not the whole of it */
	AT(NULL, "2009-12-31T23:59:59.000"),
	{ "dateRange('JAN', 'DEC')", "true" },
	{ "dateRange(2009)", "true" },
	AT(NULL, "2009-12-31T23:59:59.500"),
	{ "dateRange('JAN', 'DEC')", "false" },
	{ "dateRange(2009, 2009)", "false" },
	{ "dateRange(2009)", "true" },
	{ "timeRange(23, 59, 59, 23, 59, 59)", "true" },
	/* a leap day */
	AT(NULL, "2024-02-29T12:00:00"),
	{ "dateRange(29)", "true" },
	{ "dateRange(29, 'FEB', 29, 'FEB')", "true" },
	{ "dateRange(30, 'FEB', 30, 'FEB')", "false" },
	{ "dateRange(1, 'MAR', 1, 'MAR')", "false" },
	{ "dateRange(29, 'FEB', 2023, 1, 'MAR', 2023)", "false" },
	{ "dateRange('FEB')", "true" },
	{ "timeRange(12)", "true" },
	{ "timeRange(12, 0, 0, 12, 0, 0)", "true" },
	/* hours */
	AT(NULL, "2009-03-03T17:59:59"),
	{ "timeRange(9, 17)", "true" },
	{ "timeRange(9, 16)", "false" },
	{ "timeRange(17)", "true" },
	{ "timeRange('17')", "true" },
	{ "timeRange(' 17 ')", "true" },
	{ "timeRange('\\t17\\n')", "true" },
	{ "timeRange('17\\u200a')", "true" },
	{ "timeRange('1 7')", "false" },
	{ "timeRange('0x11')", "true" },
	{ "timeRange('1.7e1')", "true" },
	{ "timeRange('17x')", "false" },
	{ "timeRange(17.5)", "false" },
	{ "timeRange(9, 17.5)", "true" },
	{ "timeRange(16.5, 99)", "true" },
	{ "timeRange(null, 17)", "true" },
	{ "timeRange('', 17)", "true" },
	{ "timeRange(false, '17')", "true" },
	{ "timeRange(undefined, 17)", "false" },
	{ "timeRange(9, undefined)", "false" },
	{ "timeRange(9, 'x')", "false" },
	{ "timeRange(-Infinity, Infinity)", "true" },
	{ "timeRange('-Infinity', 'Infinity')", "true" },
	{ "timeRange(9, 0, 17, 59)", "true" },
	{ "timeRange(9, 0, 17, 58)", "false" },
	{ "timeRange(9, 0, 0, 17, 59, 59)", "true" },
	{ "timeRange(9, 0, 0, 17, 59, 58)", "false" },
	{ "timeRange(17, 59, 59, 17, 59, 59)", "true" },
	{ "timeRange(17, 59, 17, 59)", "true" },
	{ "timeRange(18, 0, 17, 59)", "true" },
	{ "timeRange(18, 0, 17, 58)", "false" },
	AT(NULL, "2009-03-03T00:30:00"),
	{ "timeRange(0)", "true" },
	{ "timeRange(null)", "false" },
	{ "timeRange(undefined)", "false" },
	{ "timeRange('')", "true" },
	{ "timeRange(false)", "true" },
	{ "timeRange(true)", "false" },
	{ "timeRange(-0)", "true" },
	{ "timeRange(0, 0, 0, 0, 0, 30)", "false" },
	{ "timeRange(0, 30, 0, 30)", "true" },
	{ "timeRange(24, 0, 25, 0)", "false" },
	{ "timeRange(22, 0, 25, 0)", "false" },
	{ "timeRange(-2, 0, 1, 0)", "true" },
	AT(NULL, "2009-03-03T22:30:00"),
	{ "timeRange(22, 6)", "false" },
	{ "timeRange(22, 0, 6, 0)", "true" },
	{ "timeRange(22, 0, 0, 6, 0, 0)", "true" },
	{ "timeRange(23, 0, 6, 0)", "false" },
	{ "timeRange(22, 30, 22, 30)", "true" },
	{ "timeRange('22', '0', '6', '0')", "true" },
	{ "timeRange(22, 'x', 6, 0)", "false" },
	{ "timeRange(22, 0, 6, undefined)", "true" },
	{ "timeRange(21, null, 23, null)", "true" },
	{ "timeRange(22, 0, Infinity, 0)", "true" },
	{ "timeRange(1e13, 0, 23, 0)", "true" },
	{ "timeRange(21, 90, 22, 90)", "true" },
	{ "timeRange(22, -60, 23, -29)", "true" },
	{ "timeRange()", "false" },
	{ "timeRange('GMT')", "throw" },
	{ "timeRange(1, 2, 3)", "throw" },
	{ "timeRange(1, 2, 3, 'GMT')", "throw" },
	{ "timeRange(1, 2, 3, 4, 5)", "throw" },
	{ "timeRange(1, 2, 3, 4, 5, 6, 7)", "throw" },
	{ "timeRange(1, 2, 3, 4, 5, 6, 7, 'GMT')", "throw" },
	/* "GMT" at UTC changes nothing */
	AT(UTC, "2009-03-03T03:34:01"),
	{ "weekdayRange('MON', 'FRI', 'GMT')", "true" },
	{ "weekdayRange('TUE', 'FRI', 'GMT')", "true" },
	{ "weekdayRange('TUE', 'TUE', 'GMT')", "true" },
	{ "weekdayRange('TUE', 'GMT')", "true" },
	{ "weekdayRange('WED', 'FRI', 'GMT')", "false" },
	{ "weekdayRange('SUN', 'MON', 'GMT')", "false" },
	{ "weekdayRange('SAT', 'GMT')", "false" },
	{ "dateRange(3, 'GMT')", "true" },
	{ "dateRange(1, 'GMT')", "false" },
	{ "dateRange('MAR', 'GMT')", "true" },
	{ "dateRange(2009, 'GMT')", "true" },
	{ "dateRange('GMT')", "true" },
	{ "dateRange(1, 'JAN', 3, 'MAR', 'GMT')", "true" },
	{ "timeRange(3, 'GMT')", "true" },
	{ "timeRange(2, 3, 'GMT')", "true" },
	{ "timeRange(1, 0, 3, 34, 'GMT')", "true" },
	{ "timeRange(3, 34, 1, 3, 34, 1, 'GMT')", "true" },
	{ "timeRange(3, 34, 2, 3, 34, 2, 'GMT')", "false" },
	/* 22:34 on Monday, the 2nd */
	AT(NEW_YORK, "2009-03-03T03:34:01"),
	{ "weekdayRange('MON')", "true" },
	{ "weekdayRange('TUE')", "false" },
	{ "weekdayRange('TUE', 'GMT')", "true" },
	{ "weekdayRange('MON', 'GMT')", "false" },
	{ "weekdayRange('TUE', 'WED', 'GMT')", "true" },
	{ "dateRange(2)", "true" },
	{ "dateRange(3)", "false" },
	{ "dateRange(3, 'GMT')", "true" },
	{ "dateRange(3, 3)", "false" },
	{ "dateRange(3, 3, 'GMT')", "true" },
	{ "dateRange(2, 2, 'GMT')", "false" },
	{ "dateRange(3, 'MAR', 3, 'MAR', 'GMT')", "true" },
	{ "timeRange(22)", "true" },
	{ "timeRange(3, 'GMT')", "true" },
	{ "timeRange(22, 'GMT')", "false" },
	{ "timeRange(3, 4, 'GMT')", "true" },
	{ "timeRange(22, 0, 23, 0)", "true" },
	/* today is the 2nd, "now" is the 3rd: browsers say so */
	{ "timeRange(3, 0, 4, 0, 'GMT')", "false" },
	{ "timeRange(4, 0, 3, 0, 'GMT')", "true" },
	{ "timeRange(3, 0, 0, 27, 0, 0, 'GMT')", "false" },
	/* the clocks go forward from 2 to 3 */
	AT(NEW_YORK, "2009-03-08T06:59:59"),
	{ "timeRange(1)", "true" },
	{ "timeRange(2)", "false" },
	{ "timeRange(1, 59, 59, 1, 59, 59)", "true" },
	{ "timeRange(2, 0, 3, 0)", "false" },
	{ "timeRange(1, 30, 2, 30)", "true" },
	{ "timeRange(6, 'GMT')", "true" },
	{ "dateRange(8)", "true" },
	{ "weekdayRange('SUN')", "true" },
	AT(NEW_YORK, "2009-03-08T07:00:00"),
	{ "timeRange(1)", "false" },
	{ "timeRange(2)", "false" },
	{ "timeRange(3)", "true" },
	{ "timeRange(2, 0, 2, 59)", "true" },
	{ "timeRange(2, 0, 0, 2, 0, 0)", "true" },
	{ "timeRange(3, 0, 0, 3, 0, 0)", "true" },
	{ "timeRange(2, 0, 3, 0)", "true" },
	{ "timeRange(3, 1, 2, 59)", "false" },
	{ "timeRange(7, 0, 7, 0, 'GMT')", "true" },
	AT(NEW_YORK, "2009-03-08T07:30:00"),
	{ "timeRange(2, 30, 2, 30)", "true" },
	{ "timeRange(2, 30, 3, 0)", "true" },
	{ "timeRange(3, 30, 3, 30)", "true" },
	/* and back from 2 to 1: 1:30 comes twice */
	AT(NEW_YORK, "2009-11-01T05:30:00"),
	{ "timeRange(1)", "true" },
	{ "timeRange(1, 30, 1, 30)", "true" },
	{ "timeRange(1, 30, 0, 1, 30, 0)", "true" },
	{ "timeRange(5, 30, 5, 30, 'GMT')", "true" },
	{ "dateRange(1)", "true" },
	{ "dateRange(1, 'NOV', 1, 'NOV')", "true" },
	AT(NEW_YORK, "2009-11-01T06:30:00"),
	{ "timeRange(1)", "true" },
	{ "timeRange(1, 30, 1, 30)", "false" },
	{ "timeRange(1, 30, 0, 1, 30, 0)", "false" },
	{ "timeRange(1, 0, 2, 0)", "true" },
	{ "timeRange(6, 'GMT')", "true" },
	/* New Year comes later */
	AT(NEW_YORK, "2010-01-01T04:59:59"),
	{ "dateRange(2009)", "true" },
	{ "dateRange(2010)", "false" },
	{ "dateRange(2010, 'GMT')", "true" },
	{ "dateRange('DEC')", "true" },
	{ "dateRange('JAN', 'GMT')", "true" },
	{ "dateRange(31)", "true" },
	{ "dateRange('JAN', 'DEC')", "true" },
	{ "dateRange('JAN', 'DEC', 'GMT')", "false" },
	{ "dateRange('JAN', 2009, 'DEC', 2009, 'GMT')", "false" },
	/* the last of January is 1 February in UTC: 31 February, 3 March */
	AT(NEW_YORK, "2009-02-01T04:00:00"),
	{ "dateRange(1, 'FEB', 1, 'FEB', 'GMT')", "false" },
	{ "dateRange('MAR', 'MAR', 'GMT')", "true" },
	{ "dateRange('FEB', 'GMT')", "true" },
	/* half an hour: 09:04 */
	AT(KOLKATA, "2009-03-03T03:34:01"),
	{ "timeRange(9)", "true" },
	{ "timeRange(3, 'GMT')", "true" },
	{ "timeRange(9, 4, 9, 4)", "true" },
	{ "timeRange(3, 34, 3, 34, 'GMT')", "true" },
	{ "timeRange(3, 34, 1, 3, 34, 1, 'GMT')", "true" },
	{ "timeRange(9, 4, 1, 9, 4, 1)", "true" },
	AT(KOLKATA, "2009-03-03T18:30:00"),
	{ "weekdayRange('WED')", "true" },
	{ "weekdayRange('TUE', 'GMT')", "true" },
	{ "dateRange(4)", "true" },
	{ "dateRange(3, 'GMT')", "true" },
	{ "dateRange(4, 4)", "true" },
	{ "dateRange(3, 3, 'GMT')", "true" },
	{ "timeRange(0)", "true" },
	{ "timeRange(18, 'GMT')", "true" },
	{ "timeRange(0, 0, 0, 0)", "true" },
	AT(KOLKATA, "2009-12-31T18:29:59"),
	{ "dateRange(2009)", "true" },
	{ "dateRange(31)", "true" },
	AT(KOLKATA, "2009-12-31T18:30:00"),
	{ "dateRange(2010)", "true" },
	{ "dateRange(2009, 'GMT')", "true" },
	{ "dateRange('JAN', 'JAN')", "true" },
	/* the other half of the world: back on 5 April, forward in September */
	AT(AUCKLAND, "2009-04-04T14:30:00"),
	{ "timeRange(2)", "true" },
	{ "timeRange(2, 30, 2, 30)", "false" },
	{ "dateRange(5)", "true" },
	{ "weekdayRange('SUN')", "true" },
	{ "weekdayRange('SAT', 'GMT')", "true" },
	{ "timeRange(14, 'GMT')", "true" },
	AT(AUCKLAND, "2009-09-26T14:00:00"),
	{ "timeRange(2)", "false" },
	{ "timeRange(3)", "true" },
	{ "timeRange(2, 0, 3, 0)", "true" },
	{ "timeRange(2, 30, 3, 30)", "false" },
	{ "dateRange(27, 'SEP', 27, 'SEP')", "true" },
	{ "dateRange(26, 'SEP', 26, 'SEP', 'GMT')", "true" },
	AT(AUCKLAND, "2009-12-31T11:00:00"),
	{ "dateRange(2010)", "true" },
	{ "dateRange(1)", "true" },
	{ "dateRange('JAN')", "true" },
	{ "dateRange('DEC', 'GMT')", "true" },
	{ "dateRange(2009, 'GMT')", "true" },
	{ "dateRange(31, 'DEC', 2009, 31, 'DEC', 2009, 'GMT')", "false" },
	/* half an hour of summer: 2:00 is 2:30 in October, 1:30 comes twice */
	AT(LORD_HOWE, "2009-10-03T15:29:59"),
	{ "timeRange(1)", "true" },
	{ "timeRange(1, 59, 1, 59)", "true" },
	{ "timeRange(15, 'GMT')", "true" },
	AT(LORD_HOWE, "2009-10-03T15:30:00"),
	{ "timeRange(2)", "true" },
	{ "timeRange(2, 0, 2, 0)", "true" },
	{ "timeRange(2, 30, 2, 30)", "true" },
	{ "timeRange(2, 0, 0, 2, 29, 0)", "true" },
	{ "timeRange(2, 10, 2, 20)", "false" },
	{ "dateRange(4)", "true" },
	{ "dateRange(3, 'GMT')", "true" },
	AT(LORD_HOWE, "2009-04-04T14:45:00"),
	{ "timeRange(1)", "true" },
	{ "timeRange(1, 45, 1, 45)", "true" },
	{ "timeRange(1, 45, 0, 1, 45, 0)", "true" },
	AT(LORD_HOWE, "2009-04-04T15:15:00"),
	{ "timeRange(1)", "true" },
	{ "timeRange(1, 45, 1, 45)", "false" },
	{ "timeRange(1, 45, 0, 1, 45, 0)", "false" },
	{ "timeRange(2)", "false" },
	/* long ago and long from now */
	AT(UTC, "1969-12-31T23:59:59"),
	{ "weekdayRange('WED')", "true" },
	{ "dateRange(31, 'DEC', 31, 'DEC')", "true" },
	{ "dateRange(1969)", "true" },
	{ "timeRange(23, 59, 59, 23, 59, 59)", "true" },
	AT(UTC, "1970-01-01T00:00:00"),
	{ "weekdayRange('THU')", "true" },
	{ "dateRange(1, 'JAN', 1, 'JAN')", "true" },
	AT(UTC, "1900-02-28T12:00:00"),
	{ "dateRange(28, 'FEB', 28, 'FEB')", "true" },
	{ "dateRange(29, 'FEB', 1, 'MAR')", "false" },
	{ "weekdayRange('WED')", "true" },
	AT(NEW_YORK, "2100-07-04T16:00:00"),
	{ "timeRange(12)", "true" },
	{ "dateRange(4, 'JUL', 4, 'JUL')", "true" },
	{ "weekdayRange('SUN')", "true" },
	{ "dateRange(2100, 2100)", "true" },
	AT(UTC, "9999-12-31T23:59:59"),
	{ "dateRange(9999)", "true" },
	{ "weekdayRange('FRI')", "true" },
	{ "dateRange('DEC', 'DEC')", "true" },
};

static void
set_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

static void
set_clock(const char *zone, const char *text, int is_utc)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	assert_non_null(end);
	tm.tm_isdst = -1;
	set_zone(zone);
	outside.now = (int64_t)(is_utc ? timegm(&tm) : mktime(&tm)) * 1000;
	if (*end == '.')
		outside.now += strtol(end + 1, NULL, 10);
}

static void
in_zone(const char *zone)
{
	const char *now = NULL, *at = NULL;

	for (size_t i = 0; i < N(rows); i++) {
		const char *got;

		if (rows[i].expr[0] == '@') {
			now = rows[i].expr + 1;
			at = rows[i].want;
			if (at == NULL || strcmp(at, zone) == 0)
				set_clock(zone, now, at != NULL);
			continue;
		}
		if (at != NULL && strcmp(at, zone) != 0)
			continue;
		got = call(rows[i].expr);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s at %s in %s: %s", rows[i].expr, now,
			    zone, got);
	}
}

static void
as_browsers(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(zones); i++)
		in_zone(zones[i]);
}

/* A year in steps of seven hours, against the C library. */
static void
each_hour(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(zones); i++) {
		set_zone(zones[i]);
		for (time_t t = 1230768000; t < 1262304000; t += 7 * 3600) {
			static const char names[] = "SUNMONTUEWEDTHUFRISAT";
			char expr[64];
			struct tm tm;

			outside.now = (int64_t)t * 1000;
			assert_non_null(localtime_r(&t, &tm));
			(void)snprintf(expr, sizeof(expr),
			    "weekdayRange('%.3s')", names + 3 * tm.tm_wday);
			assert_string_equal(call(expr), "true");
			(void)snprintf(expr, sizeof(expr), "dateRange(%d)",
			    tm.tm_mday);
			assert_string_equal(call(expr), "true");
			(void)snprintf(expr, sizeof(expr), "dateRange(%d)",
			    tm.tm_year + 1900);
			assert_string_equal(call(expr), "true");
			(void)snprintf(expr, sizeof(expr), "timeRange(%d)",
			    tm.tm_hour);
			assert_string_equal(call(expr), "true");
		}
	}
}

/* Outside of what a Date can be there is no day. */
static void
impossible_clocks(void **state)
{
	static const int64_t clocks[] = {
		INT64_MIN, INT64_MAX, -8640000000000001, 8640000000000001,
	};
	static const char *const exprs[] = {
		"weekdayRange('SUN', 'SAT')", "dateRange(1, 31)",
		"dateRange('JAN', 'DEC')", "dateRange(1)", "timeRange(0, 23)",
		"timeRange(0)", "timeRange(0, 0, 23, 59)",
		"timeRange(0, 0, 23, 59, 'GMT')", "dateRange('GMT')",
	};

	(void)state;
	for (size_t i = 0; i < N(clocks); i++)
		for (size_t k = 0; k < N(exprs); k++) {
			outside.now = clocks[i];
			assert_string_equal(call(exprs[k]), "false");
		}
	set_zone(UTC);
	outside.now = 8640000000000000;
	assert_string_equal(call("dateRange(275760)"), "true");
	assert_string_equal(call("weekdayRange('SAT', 'GMT')"), "true");
	outside.now = -8640000000000000;
	assert_string_equal(call("dateRange(20)"), "true");
	assert_string_equal(call("weekdayRange('TUE', 'GMT')"), "true");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_browsers), cmocka_unit_test(each_hour),
		cmocka_unit_test(impossible_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
