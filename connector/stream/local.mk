# connector/stream: one vtable, layers of byte streams
libalcore_la_SOURCES += \
	connector/stream/stream.h \
	connector/stream/tls.c connector/stream/tls.h \
	connector/stream/tls_bio.c \
	connector/stream/tls_cert.c connector/stream/tls_cert.h \
	connector/stream/tls_ctx.c \
	connector/stream/tls_err.c \
	connector/stream/tls_int.h
