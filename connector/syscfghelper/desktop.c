/* connector/syscfghelper/desktop.c - the PAC file of GNOME or KDE. */
#include "connector/syscfghelper/desktop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define GSETTINGS	"/usr/bin/gsettings"
#define KREADCONFIG	"/usr/bin/kreadconfig5"

static void
exec_gsettings(const char *key)
{
	(void)execl(GSETTINGS, "gsettings", "get", "org.gnome.system.proxy",
	    key, (char *)NULL);
}

static void
exec_kreadconfig(const char *key)
{
	(void)execl(KREADCONFIG, "kreadconfig5", "--file", "kioslaverc",
	    "--group", "Proxy Settings", "--key", key, (char *)NULL);
}

static _Noreturn void
become(void (*exec)(const char *key), const char *key, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* our deadline is our parent's, who only knows how to kill us */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* "no such schema" is no complaint of ours */
	if (null < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
		_exit(126);
	exec(key);
	_exit(127);
}

static size_t
read_all(int fd, char *to, size_t cap)
{
	size_t len = 0;
	ssize_t n = 0;

	while (len < cap && ((n = read(fd, to + len, cap - len)) > 0 ||
	    (n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	return len;
}

/* What the program prints for key; false when it does not know. */
static bool
run(void (*exec)(const char *key), const char *key, char *out, size_t cap)
{
	int p[2], status = -1;
	pid_t pid;
	size_t len;

	if (pipe2(p, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid == 0)
		become(exec, key, p[1]);
	(void)close(p[1]);
	len = pid > 0 ? read_all(p[0], out, cap - 1) : 0;
	(void)close(p[0]);
	out[len] = '\0';
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && status == 0;
}

/* "'text'\n" to "text"; one with escapes is no URL of ours. */
static bool
unquote(char *text)
{
	size_t len = strcspn(text, "\n");

	if (len < 2 || (text[0] != '\'' && text[0] != '"') ||
	    text[len - 1] != text[0] || memchr(text, '\\', len) != NULL)
		return false;
	memmove(text, text + 1, len - 2);
	text[len - 2] = '\0';
	return true;
}

static bool
get(const char *key, char *out, size_t cap)
{
	return run(exec_gsettings, key, out, cap) && unquote(out);
}

/* A server has no desktop: nothing is to be started there. */
static bool
is_desktop(void)
{
	return getenv("XDG_CURRENT_DESKTOP") != NULL ||
	    getenv("DESKTOP_SESSION") != NULL ||
	    getenv("GNOME_DESKTOP_SESSION_ID") != NULL;
}

static bool
gnome_is_auto(char *url, size_t cap)
{
	char mode[32];

	if (!is_desktop() || access(GSETTINGS, X_OK) != 0 ||
	    !get("mode", mode, sizeof(mode)) || strcmp(mode, "auto") != 0)
		return false;
	if (!get("autoconfig-url", url, cap))
		url[0] = '\0';
	return true;
}

enum kde_type { KDE_UNKNOWN, KDE_PAC, KDE_WPAD, KDE_OTHER };

/* Where libproxy would ask KDE too, and before GNOME. */
static enum kde_type
kde_type(void)
{
	char type[32];

	if (getenv("KDE_FULL_SESSION") == NULL ||
	    access(KREADCONFIG, X_OK) != 0 ||
	    !run(exec_kreadconfig, "ProxyType", type, sizeof(type)))
		return KDE_UNKNOWN;
	type[strcspn(type, "\n")] = '\0';
	if (type[0] == '\0')
		return KDE_UNKNOWN;
	return strcmp(type, "2") == 0 ? KDE_PAC :
	    strcmp(type, "3") == 0 ? KDE_WPAD : KDE_OTHER;
}

bool
desktop_is_auto(char *url, size_t cap)
{
	enum kde_type kde = kde_type();

	if (kde == KDE_UNKNOWN)
		return gnome_is_auto(url, cap);
	if (kde != KDE_PAC ||
	    !run(exec_kreadconfig, "Proxy Config Script", url, cap))
		url[0] = '\0';
	url[strcspn(url, "\n")] = '\0';
	return kde != KDE_OTHER;
}
