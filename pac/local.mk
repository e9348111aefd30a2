# pac: which proxies lead to a URL
libalcore_la_SOURCES += \
	pac/choose.c pac/choose.h \
	pac/idna.c pac/idna.h \
	pac/no_proxy.c pac/no_proxy.h
