/* connector/syscfghelper/main.c - alpacon-syscfg-helper: asks libproxy. */
#include <string.h>

#include <proxy.h>

#include "connector/base/reader.h"
#include "connector/helper/serve.h"
#include "connector/helper/syscfg.h"
#include "connector/syscfghelper/desktop.h"
#include "connector/syscfghelper/question.h"

/* Both may hold a proxy's password, and live only until the answer is sent. */
static uint8_t question[AL_SYSCFG_MSG_MAX], reply[AL_SYSCFG_MSG_MAX];

static void
put(struct al_writer *w, enum al_syscfg_kind kind, const char *text)
{
	size_t len = strlen(text);

	/* half an answer is better than none: it begins with the best */
	if (w->cap - w->len < 3 + len)
		return;
	al_write_u8(w, (uint8_t)kind);
	al_write_u16(w, (uint16_t)len);
	al_write_bytes(w, text, len);
}

static void
ask_libproxy(struct al_writer *w, const char *url)
{
	pxProxyFactory *f = px_proxy_factory_new();
	char **list = f != NULL ? px_proxy_factory_get_proxies(f, url) : NULL;
	size_t i;

	for (i = 0; list != NULL && list[i] != NULL; i++)
		put(w, AL_SYSCFG_PROXY, list[i]);
	if (f == NULL || list == NULL)
		put(w, AL_SYSCFG_REFUSED, "libproxy does not work here");
	if (list != NULL)
		px_proxy_factory_free_proxies(list);
	if (f != NULL)
		px_proxy_factory_free(f);
}

static size_t
answer(size_t len)
{
	struct al_writer w = al_writer(reply, sizeof(reply));
	char url[QUESTION_MAX], pac[2048];

	if (!question_decode(url, question, len))
		put(&w, AL_SYSCFG_REFUSED,
		    "not a host name that libproxy may see");
	else if (desktop_is_auto(pac, sizeof(pac)))
		put(&w, AL_SYSCFG_PAC, pac);
	else
		ask_libproxy(&w, url);
	return w.len;
}

int
main(void)
{
	/* dconf writes two bytes of shared memory */
	const struct al_serve_limits limits = { .memory = 512u << 20,
	    .files = 64, .file_size = 64u << 10 };
	int fd = al_serve_begin(&limits);
	bool going = fd >= 0;
	size_t len;

	while (going && al_serve_read(fd, question, sizeof(question), &len)) {
		going = al_serve_write(fd, reply, answer(len));
		explicit_bzero(reply, sizeof(reply));
	}
	return fd >= 0 ? 0 : 64;
}
