/* connector/daemon/process.h - what every program does to itself first. */
#ifndef AL_DAEMON_PROCESS_H
#define AL_DAEMON_PROCESS_H

/*
 * Memory that is free stays with the process (up to 8 MiB).
 * No core files and no debugger (secrets are in memory), SIGPIPE ignored,
 * as many file descriptors as the hard limit gives, 0, 1 and 2 open.
 */
void al_process_harden(void);

#endif
