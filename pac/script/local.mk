# pac/script: what a PAC script may call; linked into the PAC helpers only
PAC_SCRIPT_SOURCES = \
	pac/script/addresses.c \
	pac/script/date.c pac/script/date.h \
	pac/script/functions.h \
	pac/script/hosts.c \
	pac/script/ip.c pac/script/ip.h \
	pac/script/ranges.c \
	pac/script/script.h \
	pac/script/strings.c \
	pac/script/table.c \
	pac/script/value.c pac/script/value.h
