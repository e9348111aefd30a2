# connector/wire: bytes <-> structs, no state between calls
libalcore_la_SOURCES += \
	connector/wire/http1.c connector/wire/http1.h \
	connector/wire/http1_body.c \
	connector/wire/http1_write.c
