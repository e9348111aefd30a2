/* connector/stream/fdpair.h - a stream over two fds: stdin and stdout. */
#ifndef AL_STREAM_FDPAIR_H
#define AL_STREAM_FDPAIR_H

#include "connector/stream/stream.h"

/*
 * Reads from in, writes to out (pipes, terminals, files, sockets); both are
 * taken, also on failure, made non-blocking and, when freed, put back as they
 * were and closed: other processes share a terminal.  The program ignores
 * SIGPIPE.
 */
struct al_stream *al_fdpair_new(int in, int out, struct al_err *err);

#endif
