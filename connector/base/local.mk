# connector/base: knows nobody
libalcore_la_SOURCES += \
	connector/base/buf.c connector/base/buf.h \
	connector/base/err.c connector/base/err.h
