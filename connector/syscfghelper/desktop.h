/* connector/syscfghelper/desktop.h - GNOME's PAC file. */
#ifndef AL_SYSCFGHELPER_DESKTOP_H
#define AL_SYSCFGHELPER_DESKTOP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True when GNOME's proxy mode is "auto": url is that of its PAC file, empty
 * when WPAD shall find it.  libproxy does not tell: it would fetch the file,
 * run it when it can, and say "direct://" when it can't.
 */
bool desktop_is_auto(char *url, size_t cap);

#endif
