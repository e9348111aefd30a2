/* connector/syscfghelper/desktop.h - the PAC file of GNOME or KDE. */
#ifndef AL_SYSCFGHELPER_DESKTOP_H
#define AL_SYSCFGHELPER_DESKTOP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True when a PAC file names the proxies of GNOME or KDE: url is that of it,
 * empty when WPAD shall find it.  libproxy does not tell: it would fetch the
 * file, run it when it can, and say "direct://" when it can't.
 */
bool desktop_is_auto(char *url, size_t cap);

#endif
