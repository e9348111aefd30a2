/* pac/helper/locate.c - which place of a script an error is about. */
#include "pac/helper/locate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pac/helper/text.h"

#define TIME_MAX_NS	300000000

struct token {
	size_t	start, end;
};

/* Walks over a script, token by token. */
struct scan {
	const char	*s;
	size_t		 len, pos;
	struct token	 token;
	unsigned	 line;		/* at pos                */
	const char	*open;		/* a comment without an end */
	bool		 value;		/* it ends an operand: a '/' behind it
					 * divides               */
};

/* The bytes of a line's end at pos; 0: there is none. */
static size_t
line_end(const char *s, size_t len, size_t pos)
{
	if (s[pos] == '\r')
		return pos + 1 < len && s[pos + 1] == '\n' ? 2 : 1;
	if (s[pos] == '\n')
		return 1;
	return len - pos >= 3 && memcmp(s + pos, "\xe2\x80", 2) == 0 &&
	    ((uint8_t)s[pos + 2] & 0xfe) == 0xa8 ? 3 : 0;
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '\\' ||
	    (uint8_t)c >= 0x80;
}

static bool
at(const struct scan *t, const char *text)
{
	size_t n = strlen(text);

	return t->len - t->pos >= n && memcmp(t->s + t->pos, text, n) == 0;
}

/* Blanks and comments. */
static void
skip(struct scan *t)
{
	bool line = false, block = false;
	size_t n, start = 0;

	for (; t->pos < t->len; t->pos += n > 0 ? n : 1) {
		n = line_end(t->s, t->len, t->pos);
		if (n > 0) {
			t->line++;
			line = false;
		} else if (block) {
			n = at(t, "*/") ? 2 : 1;
			block = n == 1;
		} else if (line) {
			continue;
		} else if (at(t, "//") || at(t, "/*")) {
			line = t->s[t->pos + 1] == '/';
			block = !line;
			start = t->pos;
			n = 2;
		} else if (t->s[t->pos] != ' ' && t->s[t->pos] != '\t') {
			return;
		}
	}
	if (block)
		t->open = t->s + start;
}

/* A string, a template, a regular expression: to its end, or the line's. */
static void
quoted(struct scan *t, char quote)
{
	bool set = false;	/* [/] */
	size_t n;
	char c;

	for (t->pos++; t->pos < t->len; t->pos += n > 0 ? n : 1) {
		n = line_end(t->s, t->len, t->pos);
		c = t->s[t->pos];
		if (n > 0 && quote != '`')
			return;
		t->line += n > 0;
		if (c == '\\' && t->pos + 1 < t->len) {
			n = line_end(t->s, t->len, ++t->pos);
			t->line += n > 0;
		} else if (c == quote && !set) {
			t->pos++;
			break;
		} else if (quote == '/' && (c == '[' || c == ']')) {
			set = c == '[';
		}
	}
	while (quote == '/' && t->pos < t->len && is_word(t->s[t->pos]))
		t->pos++;
}

static void
word(struct scan *t)
{
	static const char *const before[] = { "return", "typeof", "case", "in",
		"do", "else", "void", "delete", "throw", "new", "instanceof" };
	size_t start = t->pos, i;

	while (t->pos < t->len && is_word(t->s[t->pos]))
		t->pos++;
	t->value = true;
	for (i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (strlen(before[i]) == t->pos - start &&
		    memcmp(before[i], t->s + start, t->pos - start) == 0)
			t->value = false;
}

static void
sign(struct scan *t)
{
	static const char *const longer[] = { ">>>=", "===", "!==", ">>>",
		"<<=", ">>=", "...", "**=", "=>", "==", "!=", "<=", ">=", "&&",
		"||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=",
		"&=", "|=", "^=", "<<", ">>", "**" };
	char c = t->s[t->pos];
	size_t i;

	t->value = c == ')' || c == ']' || c == '}';
	for (i = 0; i < sizeof(longer) / sizeof(longer[0]); i++)
		if (at(t, longer[i])) {
			t->pos += strlen(longer[i]);
			return;
		}
	t->pos++;
}

static bool
next(struct scan *t, unsigned *line)
{
	char c;

	skip(t);
	*line = t->line;
	if (t->pos >= t->len)
		return false;
	t->token.start = t->pos;
	c = t->s[t->pos];
	if (c == '"' || c == '\'' || c == '`' || (c == '/' && !t->value)) {
		quoted(t, c);
		t->value = true;
	} else if (is_word(c)) {
		word(t);
	} else {
		sign(t);
	}
	t->token.end = t->pos;
	return true;
}

/* The last token before the line, and those on it; or a comment that never
 * ends, which is wrong by itself.  NULL: nothing of these. */
static struct token *
tokens_of(const char *script, size_t len, unsigned line, size_t *n,
    const char **open)
{
	struct scan t = { .s = script, .len = len, .line = 1 };
	struct token *list = NULL, *more;
	size_t cap = 0;
	unsigned on;

	*n = 0;
	while (next(&t, &on) && on <= line) {
		if (*n == cap) {
			cap = cap > 0 ? 2 * cap : 64;
			more = realloc(list, cap * sizeof(*list));
			if (more == NULL)
				break;
			list = more;
		}
		if (on < line)
			*n = 0;
		list[(*n)++] = t.token;
	}
	*open = t.open;
	return list;
}

struct search {
	const struct locate_compiler	*c;
	const char			*script;
	char				*copy;		/* of its beginning  */
	struct timespec			 began;
	bool				 late;
};

static unsigned
lines_in(const char *s, size_t len)
{
	unsigned lines = 1;
	size_t i, n;

	for (i = 0; i < len; i += n > 0 ? n : 1) {
		n = line_end(s, len, i);
		lines += n > 0;
	}
	return lines;
}

/* Compile the first len bytes and, two lines below, a last token.  Gives how
 * many lines below the end of these bytes the error is: 0: it is in them, 2:
 * at the last token, more: behind that, or there is none. */
static unsigned
cut_at(struct search *s, size_t len, const char *last)
{
	struct timespec now;
	size_t n = strlen(last);
	unsigned line, end = lines_in(s->script, len);

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	if ((now.tv_sec - s->began.tv_sec) * 1000000000 +
	    now.tv_nsec - s->began.tv_nsec > TIME_MAX_NS)
		s->late = true;
	if (s->late)
		return 0;
	memcpy(s->copy, s->script, len);
	memcpy(s->copy + len, "\n\n", 2);
	memcpy(s->copy + len + 2, last, n);
	memcpy(s->copy + len + 2 + n, "\n", 1);
	line = s->c->error_line(s->c->arg, s->copy, len + n + 3);
	return line == 0 ? 3 : line <= end ? 0 : line - end;
}

/* Can anything be put behind these bytes? */
static bool
is_viable(struct search *s, size_t len)
{
	static const char *const tails[] = { "x", ")", ";", "(", "}", "]",
		":", "{", ",", "while", "catch" };
	size_t i;

	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
		if (cut_at(s, len, tails[i]) > 2)
			return true;
	return false;
}

/* Which of the tokens is wrong; n: what follows the last one. */
static size_t
wrong_one(struct search *s, const struct token *list, size_t n)
{
	size_t low = 0, high = n, mid;

	/* the first that the compiler has read when it gives up */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (cut_at(s, list[mid].end, ")") == 0)
			high = mid;
		else
			low = mid + 1;
	}
	if (s->c->reads_ahead && low > 0 && !is_viable(s, list[low - 1].end))
		low--;
	return low;
}

static void
set_place(const char *script, size_t pos, unsigned *line, unsigned *column)
{
	size_t i, n, start = 0;
	const char *p;

	*line = lines_in(script, pos);
	for (i = 0; i < pos; i += n > 0 ? n : 1) {
		n = line_end(script, pos, i);
		if (n > 0)
			start = i + n;
	}
	*column = 1;
	for (p = script + start; p < script + pos; (*column)++)
		(void)text_next(&p, script + pos);
}

void
locate_token(const struct locate_compiler *c, const char *script, size_t len,
    unsigned *line, unsigned *column)
{
	struct search s = { .c = c, .script = script,
	    .copy = malloc(len + 16) };
	struct token *list = NULL;
	const char *open = NULL;
	size_t n = 0, i;

	*column = 0;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &s.began);
	if (s.copy != NULL)
		list = tokens_of(script, len, *line, &n, &open);
	if (open != NULL) {
		set_place(script, (size_t)(open - script), line, column);
	} else if (n > 0) {
		i = wrong_one(&s, list, n);
		if (!s.late)
			set_place(script, i < n ? list[i].start :
			    list[n - 1].end, line, column);
	}
	free(list);
	free(s.copy);
}

/* Where a line starts and how long it is. */
static size_t
line_at(const char *script, size_t len, unsigned line, const char **start)
{
	size_t i = 0, n;

	for (; line > 1 && i < len; i += n > 0 ? n : 1) {
		n = line_end(script, len, i);
		line -= n > 0;
	}
	*start = script + i;
	n = i;
	while (line == 1 && n < len && line_end(script, len, n) == 0)
		n++;
	return n - i;
}

unsigned
locate_word(const char *script, size_t len, unsigned line, const char *what,
    size_t what_len)
{
	const char *start, *p;
	size_t n = line_at(script, len, line, &start), i;
	unsigned column;

	for (i = 0; what_len > 0 && i + what_len <= n; i++) {
		if (memcmp(start + i, what, what_len) != 0 ||
		    (i > 0 && is_word(start[i - 1])) ||
		    (i + what_len < n && is_word(start[i + what_len])))
			continue;
		column = 1;
		for (p = start; p < start + i; column++)
			(void)text_next(&p, start + i);
		return column;
	}
	return 0;
}

unsigned
locate_back(const char *script, size_t len, unsigned line, unsigned column)
{
	const char *start, *p;
	size_t n = line_at(script, len, line, &start);
	unsigned c = 1, back = column;

	for (p = start; c < column && p < start + n; c++) {
		if (!is_word(*p))
			back = column;
		else if (back == column)
			back = c;
		(void)text_next(&p, start + n);
	}
	return c < column || (p < start + n && is_word(*p)) ? column : back;
}

size_t
locate_text(const char *script, size_t len, unsigned line, unsigned column,
    size_t max, const char **text)
{
	const char *start, *p, *end;
	size_t n = line > 0 ? line_at(script, len, line, &start) : 0, at_byte;

	*text = "";
	if (n == 0)
		return 0;
	end = start + n;
	for (p = start; column > 1 && p < end; column--)
		(void)text_next(&p, end);
	/* a third of it before the place */
	at_byte = (size_t)(p - start);
	if (n > max && at_byte > max / 3) {
		start += at_byte - max / 3;
		while (start < p && ((uint8_t)*start & 0xc0) == 0x80)
			start++;
	}
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	n = text_cut(start, (size_t)(end - start), max);
	while (n > 0 && (start[n - 1] == ' ' || start[n - 1] == '\t'))
		n--;
	*text = start;
	return n;
}
