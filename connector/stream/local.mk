# connector/stream: one vtable, one layer a file
libalcore_la_SOURCES += \
	connector/stream/fdpair.c connector/stream/fdpair.h \
	connector/stream/handshake.c connector/stream/handshake.h \
	connector/stream/join.c connector/stream/join.h \
	connector/stream/pair.c connector/stream/pair.h \
	connector/stream/ready_fd.c connector/stream/ready_fd.h \
	connector/stream/seal.c connector/stream/seal.h \
	connector/stream/stream.c connector/stream/stream.h \
	connector/stream/tcp.c connector/stream/tcp.h \
	connector/stream/tls.c connector/stream/tls.h \
	connector/stream/tls_binding.c \
	connector/stream/tls_bio.c \
	connector/stream/tls_cert.c connector/stream/tls_cert.h \
	connector/stream/tls_ctx.c \
	connector/stream/tls_err.c \
	connector/stream/tls_int.h \
	connector/stream/tls_ticket.c \
	connector/stream/tls_trust.c \
	connector/stream/watch.c connector/stream/watch.h
