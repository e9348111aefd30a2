# connector/session: sessions on an event loop
libalcore_la_SOURCES += \
	connector/session/attempt.c connector/session/attempt.h \
	connector/session/carrier.c connector/session/carrier.h \
	connector/session/client.c connector/session/client.h \
	connector/session/client_int.h connector/session/client_link.c \
	connector/session/find.c connector/session/find.h \
	connector/session/greet.c connector/session/greet.h \
	connector/session/greet_int.h \
	connector/session/habits.c connector/session/habits.h \
	connector/session/mux.c connector/session/mux.h \
	connector/session/mux_end.c connector/session/mux_int.h \
	connector/session/mux_io.c connector/session/mux_tell.c \
	connector/session/port.c connector/session/port.h \
	connector/session/relay.c connector/session/relay.h \
	connector/session/workspace.c connector/session/workspace.h \
	connector/session/workspace_int.h
