# connector/wire: bytes <-> structs, no state between calls
libalcore_la_SOURCES += \
	connector/wire/client_hello.c connector/wire/client_hello.h \
	connector/wire/http1.c connector/wire/http1.h \
	connector/wire/http1_body.c \
	connector/wire/http1_write.c \
	connector/wire/mux_frame.c connector/wire/mux_frame.h \
	connector/wire/mux_hello.c \
	connector/wire/ws_frame.c connector/wire/ws_frame.h
