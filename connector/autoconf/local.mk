# connector/autoconf: PAC files: fetched, kept fresh, found by WPAD
libalcore_la_SOURCES += \
	connector/autoconf/fetch.c connector/autoconf/fetch.h \
	connector/autoconf/get.c connector/autoconf/get.h \
	connector/autoconf/location.c connector/autoconf/location.h \
	connector/autoconf/pacfile.c connector/autoconf/pacfile.h \
	connector/autoconf/refresh.c connector/autoconf/refresh.h \
	connector/autoconf/wpad.c connector/autoconf/wpad.h
