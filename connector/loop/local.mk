# connector/loop: libevent glue, c-ares resolver
libalcore_la_SOURCES += \
	connector/loop/loop.c connector/loop/loop.h \
	connector/loop/netmon.c connector/loop/netmon.h \
	connector/loop/resolve.c connector/loop/resolve.h \
	connector/loop/wake.c connector/loop/wake.h
