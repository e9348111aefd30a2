# tests/fuzz: one target a parser; without --with-fuzzer each is linked with
# replay.c and runs over tests/corpus/X in make check
FUZZ_TARGETS =
FUZZ_LDADD = libalcore.la
FUZZ_FLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_client_hello
tests_fuzz_fuzz_client_hello_SOURCES = tests/fuzz/fuzz_client_hello.c \
	tests/fuzz/fuzz.h
tests_fuzz_fuzz_client_hello_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_client_hello_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_echo
tests_fuzz_fuzz_echo_SOURCES = tests/fuzz/fuzz_echo.c tests/fuzz/fuzz_machine.h
tests_fuzz_fuzz_echo_LDADD = libalnetcheck.la $(FUZZ_LDADD)
tests_fuzz_fuzz_echo_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_fetch
tests_fuzz_fuzz_fetch_SOURCES = tests/fuzz/fuzz_fetch.c \
	tests/fuzz/fuzz.h tests/fuzz/fuzz_machine.h
tests_fuzz_fuzz_fetch_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_fetch_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_http1
tests_fuzz_fuzz_http1_SOURCES = tests/fuzz/fuzz_http1.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_http1_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_http1_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_link
tests_fuzz_fuzz_link_SOURCES = tests/fuzz/fuzz_link.c tests/fuzz/fuzz.h \
	tests/lib/world.h
tests_fuzz_fuzz_link_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_link_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_muxframe
tests_fuzz_fuzz_muxframe_SOURCES = tests/fuzz/fuzz_muxframe.c
tests_fuzz_fuzz_muxframe_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_muxframe_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_upgrade_client
tests_fuzz_fuzz_upgrade_client_SOURCES = tests/fuzz/fuzz_upgrade_client.c \
	tests/fuzz/fuzz.h
tests_fuzz_fuzz_upgrade_client_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_upgrade_client_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_upgrade_server
tests_fuzz_fuzz_upgrade_server_SOURCES = tests/fuzz/fuzz_upgrade_server.c \
	tests/fuzz/fuzz.h
tests_fuzz_fuzz_upgrade_server_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_upgrade_server_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_url
tests_fuzz_fuzz_url_SOURCES = tests/fuzz/fuzz_url.c
tests_fuzz_fuzz_url_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_url_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_ws
tests_fuzz_fuzz_ws_SOURCES = tests/fuzz/fuzz_ws.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_ws_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_ws_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_wsframe
tests_fuzz_fuzz_wsframe_SOURCES = tests/fuzz/fuzz_wsframe.c
tests_fuzz_fuzz_wsframe_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_wsframe_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_challenge
tests_fuzz_fuzz_challenge_SOURCES = tests/fuzz/fuzz_challenge.c
tests_fuzz_fuzz_challenge_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_challenge_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_conf
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c
tests_fuzz_fuzz_conf_LDADD = libaldaemon.la $(FUZZ_LDADD)
tests_fuzz_fuzz_conf_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_connect
tests_fuzz_fuzz_connect_SOURCES = tests/fuzz/fuzz_connect.c tests/fuzz/fuzz_machine.h
tests_fuzz_fuzz_connect_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_connect_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_digest
tests_fuzz_fuzz_digest_SOURCES = tests/fuzz/fuzz_digest.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_digest_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_digest_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_route
tests_fuzz_fuzz_route_SOURCES = tests/fuzz/fuzz_route.c
tests_fuzz_fuzz_route_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_route_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_socks
tests_fuzz_fuzz_socks_SOURCES = tests/fuzz/fuzz_socks.c \
	tests/lib/gss_script.h
tests_fuzz_fuzz_socks_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_socks_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_listen
tests_fuzz_fuzz_listen_SOURCES = tests/fuzz/fuzz_listen.c
tests_fuzz_fuzz_listen_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_listen_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_noproxy
tests_fuzz_fuzz_noproxy_SOURCES = tests/fuzz/fuzz_noproxy.c
tests_fuzz_fuzz_noproxy_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_noproxy_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_ntlm
tests_fuzz_fuzz_ntlm_SOURCES = tests/fuzz/fuzz_ntlm.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_ntlm_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_ntlm_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_pac_answer
tests_fuzz_fuzz_pac_answer_SOURCES = tests/fuzz/fuzz_pac_answer.c \
	tests/fuzz/fuzz.h
tests_fuzz_fuzz_pac_answer_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_pac_answer_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_pac_charset
tests_fuzz_fuzz_pac_charset_SOURCES = tests/fuzz/fuzz_pac_charset.c \
	tests/fuzz/fuzz.h
tests_fuzz_fuzz_pac_charset_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_pac_charset_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_pac_result
tests_fuzz_fuzz_pac_result_SOURCES = tests/fuzz/fuzz_pac_result.c \
	tests/fuzz/fuzz.h
tests_fuzz_fuzz_pac_result_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_pac_result_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_pac_script
tests_fuzz_fuzz_pac_script_SOURCES = tests/fuzz/fuzz_pac_script.c \
	tests/fuzz/fuzz.h $(PAC_SCRIPT_SOURCES)
tests_fuzz_fuzz_pac_script_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_pac_script_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_pac_locate
tests_fuzz_fuzz_pac_locate_SOURCES = tests/fuzz/fuzz_pac_locate.c \
	pac/helper/locate.c pac/helper/text.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_pac_locate_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_pac_locate_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_pac_question
tests_fuzz_fuzz_pac_question_SOURCES = tests/fuzz/fuzz_pac_question.c \
	pac/helper/question.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_pac_question_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_pac_question_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_paths
tests_fuzz_fuzz_paths_SOURCES = tests/fuzz/fuzz_paths.c
tests_fuzz_fuzz_paths_LDADD = libalconnectord.la $(FUZZ_LDADD)
tests_fuzz_fuzz_paths_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_request
tests_fuzz_fuzz_request_SOURCES = tests/fuzz/fuzz_request.c
tests_fuzz_fuzz_request_LDADD = libalconnectord.la $(FUZZ_LDADD)
tests_fuzz_fuzz_request_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_gss_answer
tests_fuzz_fuzz_gss_answer_SOURCES = tests/fuzz/fuzz_gss_answer.c \
	tests/fuzz/fuzz.h
tests_fuzz_fuzz_gss_answer_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_gss_answer_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_gss_question
tests_fuzz_fuzz_gss_question_SOURCES = tests/fuzz/fuzz_gss_question.c \
	tests/fuzz/fuzz.h \
	connector/gsshelper/request.c connector/gsshelper/request.h
tests_fuzz_fuzz_gss_question_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_gss_question_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_syscfg_answer
tests_fuzz_fuzz_syscfg_answer_SOURCES = tests/fuzz/fuzz_syscfg_answer.c \
	tests/fuzz/fuzz.h
tests_fuzz_fuzz_syscfg_answer_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_syscfg_answer_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_syscfg_question
tests_fuzz_fuzz_syscfg_question_SOURCES = tests/fuzz/fuzz_syscfg_question.c \
	tests/fuzz/fuzz.h \
	connector/syscfghelper/question.c connector/syscfghelper/question.h
tests_fuzz_fuzz_syscfg_question_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_syscfg_question_LDFLAGS = $(FUZZ_FLAGS)

check_PROGRAMS += $(FUZZ_TARGETS)
if !WITH_FUZZER
check_LTLIBRARIES += libfuzzreplay.la
libfuzzreplay_la_SOURCES = tests/fuzz/replay.c
FUZZ_LDADD += libfuzzreplay.la
TESTS += $(FUZZ_TARGETS)
endif
EXTRA_DIST += tests/corpus tests/fuzz/replay.c
