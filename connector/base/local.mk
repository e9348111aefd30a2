# connector/base: knows nobody
libalcore_la_SOURCES += \
	connector/base/addr.c connector/base/addr.h \
	connector/base/b64.c connector/base/b64.h \
	connector/base/buf.c connector/base/buf.h \
	connector/base/err.c connector/base/err.h \
	connector/base/hash.c connector/base/hash.h \
	connector/base/hs.h \
	connector/base/le.h \
	connector/base/reader.h \
	connector/base/rng.c connector/base/rng.h \
	connector/base/str.c connector/base/str.h \
	connector/base/url.c connector/base/url.h
