/* connector/gatewayd/identity.c - who may come: read, looked up, compared. */
#include "connector/gatewayd/identity.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connector/base/str.h"
#include "connector/daemon/file.h"
#include "connector/gatewayd/identity_int.h"

/* One file's: sorted by id, and again by name. */
struct table {
	struct al_identity	*v;
	size_t			 n, cap;
	const struct al_identity **by_name;	/* connectors */
	const struct al_identity **by_hash;	/* operators  */
};

struct al_identities {
	struct table	connectors, operators;
};

/* --- reading -------------------------------------------------------------- */
/* Letters, digits and a few signs: nothing that means something in a header,
 * a rule or a terminal. */
bool
identity_is_name(const char *p, size_t n)
{
	size_t i;

	if (n == 0 || n > AL_IDENTITY_NAME_MAX || !al_is_alnum(p[0]))
		return false;
	for (i = 0; i < n; i++)
		if (!al_is_alnum(p[i]) && strchr("._-@+:", p[i]) == NULL)
			return false;
	return true;
}

/* Up to 4 words of a line; 4 when there are more than 3. */
static size_t
split(const char *p, size_t len, struct al_bytes words[static 4])
{
	size_t n = 0, i = 0, from;

	while (n < 4) {
		while (i < len && (p[i] == ' ' || p[i] == '\t' ||
		    p[i] == '\r'))
			i++;
		if (i == len || p[i] == '#')
			break;
		from = i;
		while (i < len && p[i] != ' ' && p[i] != '\t' && p[i] != '\r')
			i++;
		words[n++] = (struct al_bytes){ p + from, i - from };
	}
	return n;
}

static enum al_code
add_line(struct table *t, enum al_identity_kind kind, const char *file,
    unsigned line, const struct al_bytes *words, size_t n,
    struct al_err *err)
{
	size_t want = kind == AL_IDENTITY_CONNECTOR ? 3 : 2;
	struct al_identity *id;

	if (n != want || !identity_is_name(words[0].p, words[0].len) ||
	    !identity_is_name(words[n - 2].p, words[n - 2].len))
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: a "
		    "line is %s (made by \"alpacon-gatewayd add\")", file,
		    line, want == 3 ? "ID NAME SHA256" : "NAME SHA256");
	if (t->n == t->cap) {
		size_t cap = t->cap > 0 ? t->cap * 2 : 16;
		struct al_identity *more = reallocarray(t->v, cap,
		    sizeof(*more));

		if (more == NULL)
			return al_fail_nomem(err, AL_AT_CONFIG);
		t->v = more;
		t->cap = cap;
	}
	id = &t->v[t->n];
	*id = (struct al_identity){ .kind = kind, .line = line };
	if (!al_hex_decode(id->hash, sizeof(id->hash), words[n - 1].p,
	    words[n - 1].len))
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: the "
		    "last word is not a SHA-256 of 64 hex digits", file,
		    line);
	id->id = al_str_dup(words[0].p, words[0].len);
	id->name = al_str_dup(words[n - 2].p, words[n - 2].len);
	t->n++;
	return id->id != NULL && id->name != NULL ? AL_OK :
	    al_fail_nomem(err, AL_AT_CONFIG);
}

static enum al_code
read_lines(struct table *t, enum al_identity_kind kind, const char *file,
    const struct al_file *f, struct al_err *err)
{
	const char *p = f->text, *end = p + f->len;
	struct al_bytes words[4];
	enum al_code code = AL_OK;
	unsigned line = 0;

	while (p < end && code == AL_OK) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl != NULL ? nl : end) - p);
		size_t n = split(p, len, words);

		line++;
		p += len + (nl != NULL);
		if (n > 0)
			code = add_line(t, kind, file, line, words, n, err);
	}
	return code;
}

/* --- tables --------------------------------------------------------------- */
static int
cmp_id(const void *a, const void *b)
{
	return strcmp(((const struct al_identity *)a)->id,
	    ((const struct al_identity *)b)->id);
}

static int
cmp_name(const void *a, const void *b)
{
	return strcasecmp((*(const struct al_identity *const *)a)->name,
	    (*(const struct al_identity *const *)b)->name);
}

static int
cmp_hash(const void *a, const void *b)
{
	return memcmp((*(const struct al_identity *const *)a)->hash,
	    (*(const struct al_identity *const *)b)->hash, AL_SHA256_LEN);
}

static enum al_code
twice(const char *file, const struct al_identity *a,
    const struct al_identity *b, const char *what, struct al_err *err)
{
	const struct al_identity *first = a->line < b->line ? a : b;
	const struct al_identity *second = first == a ? b : a;

	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: the same %s "
	    "as in line %u", file, second->line, what, first->line);
}

static enum al_code
sort(struct table *t, const char *file, struct al_err *err)
{
	size_t i;

	t->by_name = calloc(t->n + 1, sizeof(struct al_identity *));
	t->by_hash = calloc(t->n + 1, sizeof(struct al_identity *));
	if (t->by_name == NULL || t->by_hash == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	if (t->n == 0)
		return AL_OK;
	qsort(t->v, t->n, sizeof(t->v[0]), cmp_id);
	for (i = 0; i < t->n; i++)
		t->by_name[i] = t->by_hash[i] = &t->v[i];
	qsort(t->by_name, t->n, sizeof(t->by_name[0]), cmp_name);
	qsort(t->by_hash, t->n, sizeof(t->by_hash[0]), cmp_hash);
	for (i = 1; i < t->n; i++) {
		if (cmp_id(&t->v[i - 1], &t->v[i]) == 0)
			return twice(file, &t->v[i - 1], &t->v[i], "id", err);
		if (cmp_name(&t->by_name[i - 1], &t->by_name[i]) == 0)
			return twice(file, t->by_name[i - 1], t->by_name[i],
			    "name", err);
		if (cmp_hash(&t->by_hash[i - 1], &t->by_hash[i]) == 0)
			return twice(file, t->by_hash[i - 1], t->by_hash[i],
			    "secret", err);
	}
	return AL_OK;
}

static enum al_code
load(struct table *t, enum al_identity_kind kind, const char *file,
    struct al_err *err)
{
	struct al_file f;
	enum al_code code;

	if (file == NULL)
		return sort(t, "", err);
	code = al_file_read(&f, file, IDENTITY_FILE_MAX, err);
	if (code != AL_OK && err->sys != ENOENT)
		return code;
	code = code == AL_OK ? read_lines(t, kind, file, &f, err) : AL_OK;
	al_file_fini(&f);
	return code == AL_OK ? sort(t, file, err) : code;
}

static void
table_fini(struct table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		free(t->v[i].id);
		free(t->v[i].name);
	}
	free(t->v);
	free(t->by_name);
	free(t->by_hash);
}

struct al_identities *
al_identities_load(const char *connectors_file, const char *operators_file,
    struct al_err *err)
{
	struct al_identities *ids = calloc(1, sizeof(*ids));

	if (ids == NULL) {
		(void)al_fail_nomem(err, AL_AT_CONFIG);
		return NULL;
	}
	if (load(&ids->connectors, AL_IDENTITY_CONNECTOR, connectors_file,
	    err) == AL_OK && load(&ids->operators, AL_IDENTITY_OPERATOR,
	    operators_file, err) == AL_OK)
		return ids;
	al_identities_free(ids);
	return NULL;
}

void
al_identities_free(struct al_identities *ids)
{
	if (ids == NULL)
		return;
	table_fini(&ids->connectors);
	table_fini(&ids->operators);
	free(ids);
}

/* --- looking up ----------------------------------------------------------- */
const struct al_identity *
al_identity_find(const struct al_identities *ids, enum al_identity_kind kind,
    const char *id)
{
	const struct table *t = kind == AL_IDENTITY_CONNECTOR ?
	    &ids->connectors : &ids->operators;
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(id, t->v[mid].id);

		if (c == 0)
			return &t->v[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const struct al_identity *
al_identity_server(const struct al_identities *ids, const char *name)
{
	const struct table *t = &ids->connectors;
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcasecmp(name, t->by_name[mid]->name);

		if (c == 0)
			return t->by_name[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* name="VALUE" of "name=..., name=..."; VALUE has no quotes inside. */
static bool
parameter(const char *p, const char *name, struct al_bytes *value)
{
	size_t n = strlen(name);

	for (;;) {
		const char *word, *end;

		p += strspn(p, " \t,");
		word = p;
		p += strcspn(p, "=");
		if (*p == '\0' || p[1] != '"')
			return false;
		end = strchr(p + 2, '"');
		if (end == NULL)
			return false;
		if ((size_t)(p - word) == n && al_str_ieqn(word, n, name)) {
			*value = (struct al_bytes){ p + 2,
			    (size_t)(end - p) - 2 };
			return true;
		}
		p = end + 1;
	}
}

const struct al_identity *
al_identity_connector(const struct al_identities *ids,
    const char *authorization)
{
	static const uint8_t nobody[AL_SHA256_LEN];
	struct al_bytes id, key;
	const struct al_identity *who = NULL;
	uint8_t hash[AL_SHA256_LEN];
	char text[AL_IDENTITY_NAME_MAX + 1];

	if (!parameter(authorization, "id", &id) ||
	    !parameter(authorization, "key", &key) ||
	    al_sha256(hash, key.p, key.len) != AL_OK)
		return NULL;
	if (id.len <= AL_IDENTITY_NAME_MAX) {
		memcpy(text, id.p, id.len);
		text[id.len] = '\0';
		who = al_identity_find(ids, AL_IDENTITY_CONNECTOR, text);
	}
	return al_equal_secret(hash, who != NULL ? who->hash : nobody,
	    sizeof(hash)) ? who : NULL;
}

/* What is compared here step by step is the hash of a guess: a guesser learns
 * nothing that leads nearer to a secret. */
const struct al_identity *
al_identity_operator(const struct al_identities *ids,
    const char *authorization)
{
	const struct table *t = &ids->operators;
	struct al_identity guess = { .id = NULL };
	const struct al_identity *key = &guess, *const *found;
	const char *p;

	if (!al_str_istarts(authorization, "bearer "))
		return NULL;
	p = authorization + 7;
	p += strspn(p, " ");
	if (t->n == 0 || al_sha256(guess.hash, p, strlen(p)) != AL_OK)
		return NULL;
	found = bsearch(&key, t->by_hash, t->n, sizeof(t->by_hash[0]),
	    cmp_hash);
	return found != NULL ? *found : NULL;
}
