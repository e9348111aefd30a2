# tests/unit: one cmocka program a module
UNIT_TESTS =
UNIT_LDADD = libalcore.la $(CMOCKA_LIBS)
# for tests/lib/oom.h
OOM_FLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

UNIT_TESTS += tests/unit/test_addr
tests_unit_test_addr_SOURCES = tests/unit/test_addr.c
tests_unit_test_addr_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_b64
tests_unit_test_b64_SOURCES = tests/unit/test_b64.c
tests_unit_test_b64_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_backoff
tests_unit_test_backoff_SOURCES = tests/unit/test_backoff.c
tests_unit_test_backoff_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_buf
tests_unit_test_buf_SOURCES = tests/unit/test_buf.c
tests_unit_test_buf_LDADD = $(UNIT_LDADD)

# what tests/lib/helper.h starts
check_PROGRAMS += tests/unit/child_helper tests/unit/gss_helper \
	tests/unit/pac_helper_script tests/unit/syscfg_helper
tests_unit_child_helper_SOURCES = tests/unit/child_helper.c $(HELPER_SOURCES)
tests_unit_gss_helper_SOURCES = tests/unit/gss_helper.c $(HELPER_SOURCES)
tests_unit_pac_helper_script_SOURCES = tests/unit/pac_helper_script.c \
	$(HELPER_SOURCES)
tests_unit_syscfg_helper_SOURCES = tests/unit/syscfg_helper.c \
	$(HELPER_SOURCES)

UNIT_TESTS += tests/unit/test_child
tests_unit_test_child_SOURCES = tests/unit/test_child.c tests/lib/helper.h
tests_unit_test_child_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

UNIT_TESTS += tests/unit/test_client_hello
tests_unit_test_client_hello_SOURCES = tests/unit/test_client_hello.c \
	tests/lib/guard.h
tests_unit_test_client_hello_LDADD = $(UNIT_LDADD) $(OPENSSL_LIBS)

UNIT_TESTS += tests/unit/test_echo
tests_unit_test_echo_SOURCES = tests/unit/test_echo.c \
	tests/lib/guard.h tests/lib/machine.h
tests_unit_test_echo_LDADD = libalnetcheck.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_flight
tests_unit_test_flight_SOURCES = tests/unit/test_flight.c
tests_unit_test_flight_LDADD = $(UNIT_LDADD)
UNIT_TESTS += tests/unit/test_gss
tests_unit_test_gss_SOURCES = tests/unit/test_gss.c tests/lib/helper.h
tests_unit_test_gss_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

UNIT_TESTS += tests/unit/test_habits
tests_unit_test_habits_SOURCES = tests/unit/test_habits.c
tests_unit_test_habits_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_he
tests_unit_test_he_SOURCES = tests/unit/test_he.c \
	tests/lib/dnsd.c tests/lib/dnsd.h
tests_unit_test_he_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_helper_oom
tests_unit_test_helper_oom_SOURCES = tests/unit/test_helper_oom.c \
	tests/lib/helper.h tests/lib/oom.h
tests_unit_test_helper_oom_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS) \
	$(OPENSSL_LIBS)
tests_unit_test_helper_oom_LDFLAGS = $(OOM_FLAGS)

UNIT_TESTS += tests/unit/test_http1
tests_unit_test_http1_SOURCES = tests/unit/test_http1.c tests/lib/guard.h
tests_unit_test_http1_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_location
tests_unit_test_location_SOURCES = tests/unit/test_location.c
tests_unit_test_location_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_log
tests_unit_test_log_SOURCES = tests/unit/test_log.c tests/lib/guard.h
tests_unit_test_log_LDADD = libaldaemon.la $(UNIT_LDADD) $(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test_loop
tests_unit_test_loop_SOURCES = tests/unit/test_loop.c
tests_unit_test_loop_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_login
tests_unit_test_login_SOURCES = tests/unit/test_login.c
tests_unit_test_login_LDADD = $(UNIT_LDADD) $(OPENSSL_LIBS)

UNIT_TESTS += tests/unit/test_login_oom
tests_unit_test_login_oom_SOURCES = tests/unit/test_login_oom.c \
	tests/lib/gss_script.h tests/lib/machine.h tests/lib/oom.h
tests_unit_test_login_oom_LDADD = $(UNIT_LDADD) $(OPENSSL_LIBS)
tests_unit_test_login_oom_LDFLAGS = $(OOM_FLAGS)

UNIT_TESTS += tests/unit/test_memory
tests_unit_test_memory_SOURCES = tests/unit/test_memory.c
tests_unit_test_memory_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_muxframe
tests_unit_test_muxframe_SOURCES = tests/unit/test_muxframe.c \
	tests/lib/guard.h
tests_unit_test_muxframe_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_pac_answer
tests_unit_test_pac_answer_SOURCES = tests/unit/test_pac_answer.c \
	tests/lib/guard.h
tests_unit_test_pac_answer_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_pac_charset
tests_unit_test_pac_charset_SOURCES = tests/unit/test_pac_charset.c \
	tests/lib/guard.h
tests_unit_test_pac_charset_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_pac_eval
tests_unit_test_pac_eval_SOURCES = tests/unit/test_pac_eval.c \
	tests/lib/dnsd.c tests/lib/dnsd.h
tests_unit_test_pac_eval_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

UNIT_TESTS += tests/unit/test_pac_host
tests_unit_test_pac_host_SOURCES = tests/unit/test_pac_host.c tests/lib/guard.h
tests_unit_test_pac_host_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_pac_oom
tests_unit_test_pac_oom_SOURCES = tests/unit/test_pac_oom.c
tests_unit_test_pac_oom_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)
tests_unit_test_pac_oom_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

UNIT_TESTS += tests/unit/test_pac_result
tests_unit_test_pac_result_SOURCES = tests/unit/test_pac_result.c
tests_unit_test_pac_result_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_resolve
tests_unit_test_resolve_SOURCES = tests/unit/test_resolve.c \
	tests/lib/dnsd.c tests/lib/dnsd.h
tests_unit_test_resolve_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_link_life
tests_unit_test_link_life_SOURCES = tests/unit/test_link_life.c tests/lib/script.h
tests_unit_test_link_life_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_session
tests_unit_test_session_SOURCES = tests/unit/test_session.c tests/lib/script.h
tests_unit_test_session_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_session_resume
tests_unit_test_session_resume_SOURCES = tests/unit/test_session_resume.c tests/lib/script.h
tests_unit_test_session_resume_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_str
tests_unit_test_str_SOURCES = tests/unit/test_str.c tests/lib/guard.h
tests_unit_test_str_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_syscfg
tests_unit_test_syscfg_SOURCES = tests/unit/test_syscfg.c tests/lib/helper.h
tests_unit_test_syscfg_LDADD = libaldaemon.la $(UNIT_LDADD) $(LIBEVENT_LIBS)

UNIT_TESTS += tests/unit/test_target
tests_unit_test_target_SOURCES = tests/unit/test_target.c
tests_unit_test_target_LDADD = libalgateway.la libaldaemon.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_tls
tests_unit_test_tls_SOURCES = tests/unit/test_tls.c tests/lib/guard.h \
	tests/lib/memstream.h tests/lib/stride.h \
	tests/lib/tlspair.h
tests_unit_test_tls_LDADD = $(UNIT_LDADD) $(OPENSSL_LIBS)

UNIT_TESTS += tests/unit/test_tls_peer
tests_unit_test_tls_peer_SOURCES = tests/unit/test_tls_peer.c \
	tests/lib/binding_certs.h \
	tests/lib/memstream.h tests/lib/tlspair.h
tests_unit_test_tls_peer_LDADD = $(UNIT_LDADD) $(OPENSSL_LIBS)

UNIT_TESTS += tests/unit/test_stream
tests_unit_test_stream_SOURCES = tests/unit/test_stream.c
tests_unit_test_stream_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_tls_oom
tests_unit_test_tls_oom_SOURCES = tests/unit/test_tls_oom.c \
	tests/lib/memstream.h tests/lib/oom.h
tests_unit_test_tls_oom_LDADD = $(UNIT_LDADD) $(OPENSSL_LIBS)
tests_unit_test_tls_oom_LDFLAGS = $(OOM_FLAGS)

UNIT_TESTS += tests/unit/test_upgrade
tests_unit_test_upgrade_SOURCES = tests/unit/test_upgrade.c \
	tests/lib/guard.h tests/lib/machine.h
tests_unit_test_upgrade_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_url
tests_unit_test_url_SOURCES = tests/unit/test_url.c
tests_unit_test_url_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_ws
tests_unit_test_ws_SOURCES = tests/unit/test_ws.c tests/lib/guard.h
tests_unit_test_ws_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_wsframe
tests_unit_test_wsframe_SOURCES = tests/unit/test_wsframe.c tests/lib/guard.h
tests_unit_test_wsframe_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_route
tests_unit_test_route_SOURCES = tests/unit/test_route.c
tests_unit_test_route_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_socks4
tests_unit_test_socks4_SOURCES = tests/unit/test_socks4.c tests/lib/machine.h
tests_unit_test_socks4_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_ready_fd
tests_unit_test_ready_fd_SOURCES = tests/unit/test_ready_fd.c
tests_unit_test_ready_fd_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_seal
tests_unit_test_seal_SOURCES = tests/unit/test_seal.c tests/lib/guard.h \
	tests/lib/helper.h
tests_unit_test_seal_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

UNIT_TESTS += tests/unit/test_socks5
tests_unit_test_socks5_SOURCES = tests/unit/test_socks5.c tests/lib/machine.h
tests_unit_test_socks5_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_socks5_gss
tests_unit_test_socks5_gss_SOURCES = tests/unit/test_socks5_gss.c \
	tests/lib/gss_script.h tests/lib/machine.h
tests_unit_test_socks5_gss_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_conf
tests_unit_test_conf_SOURCES = tests/unit/test_conf.c
tests_unit_test_conf_LDADD = libaldaemon.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_connect
tests_unit_test_connect_SOURCES = tests/unit/test_connect.c tests/lib/machine.h
tests_unit_test_connect_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_challenge
tests_unit_test_challenge_SOURCES = tests/unit/test_challenge.c tests/lib/guard.h
tests_unit_test_challenge_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_digest
tests_unit_test_digest_SOURCES = tests/unit/test_digest.c \
	tests/unit/digest.h tests/lib/guard.h
tests_unit_test_digest_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_digest_refuse
tests_unit_test_digest_refuse_SOURCES = tests/unit/test_digest_refuse.c \
	tests/unit/digest.h tests/lib/guard.h
tests_unit_test_digest_refuse_LDADD = $(UNIT_LDADD) $(OPENSSL_LIBS)
UNIT_TESTS += tests/unit/test_ntlm
tests_unit_test_ntlm_SOURCES = tests/unit/test_ntlm.c tests/lib/guard.h
tests_unit_test_ntlm_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_ntlmv2
tests_unit_test_ntlmv2_SOURCES = tests/unit/test_ntlmv2.c tests/lib/guard.h
tests_unit_test_ntlmv2_LDADD = $(UNIT_LDADD) $(OPENSSL_LIBS)

UNIT_TESTS += tests/unit/test_ids
tests_unit_test_ids_SOURCES = tests/unit/test_ids.c
tests_unit_test_ids_LDADD = libalgateway.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_identity
tests_unit_test_identity_SOURCES = tests/unit/test_identity.c
tests_unit_test_identity_LDADD = libalgateway.la libaldaemon.la \
	$(UNIT_LDADD) $(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test_listen
tests_unit_test_listen_SOURCES = tests/unit/test_listen.c tests/lib/guard.h
tests_unit_test_listen_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_choose
tests_unit_test_choose_SOURCES = tests/unit/test_choose.c
tests_unit_test_choose_LDADD = $(UNIT_LDADD)

# only what the PAC helpers have: neither our library nor any other
UNIT_TESTS += tests/unit/test_pac_ranges
tests_unit_test_pac_ranges_SOURCES = tests/unit/test_pac_ranges.c \
	tests/unit/pac_call.h tests/lib/guard.h $(PAC_SCRIPT_SOURCES)
tests_unit_test_pac_ranges_LDADD = $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_pac_script
tests_unit_test_pac_script_SOURCES = tests/unit/test_pac_script.c \
	tests/unit/pac_call.h tests/lib/guard.h $(PAC_SCRIPT_SOURCES)
tests_unit_test_pac_script_LDADD = $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/test_names
tests_unit_test_names_SOURCES = tests/unit/test_names.c
tests_unit_test_names_LDADD = libalconnectord.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_netcheck_causes
tests_unit_test_netcheck_causes_SOURCES = tests/unit/test_netcheck_causes.c \
	tests/lib/guard.h
tests_unit_test_netcheck_causes_LDADD = libalnetcheck.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_netcheck_contrast
tests_unit_test_netcheck_contrast_SOURCES = \
	tests/unit/test_netcheck_contrast.c
tests_unit_test_netcheck_contrast_LDADD = libalnetcheck.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_netcheck_json
tests_unit_test_netcheck_json_SOURCES = tests/unit/test_netcheck_json.c \
	tests/lib/netcheck_reports.h
tests_unit_test_netcheck_json_LDADD = libalnetcheck.la $(UNIT_LDADD) \
	$(JANSSON_LIBS)

UNIT_TESTS += tests/unit/test_netcheck_report
tests_unit_test_netcheck_report_SOURCES = tests/unit/test_netcheck_report.c \
	tests/lib/netcheck_reports.h
tests_unit_test_netcheck_report_LDADD = libalnetcheck.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_policy
tests_unit_test_policy_SOURCES = tests/unit/test_policy.c
tests_unit_test_policy_LDADD = libalconnectord.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_refresh
tests_unit_test_refresh_SOURCES = tests/unit/test_refresh.c
tests_unit_test_refresh_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_request
tests_unit_test_request_SOURCES = tests/unit/test_request.c
tests_unit_test_request_LDADD = libalconnectord.la $(UNIT_LDADD)
UNIT_TESTS += tests/unit/test_pace
tests_unit_test_pace_SOURCES = tests/unit/test_pace.c
tests_unit_test_pace_LDADD = libalgateway.la $(UNIT_LDADD) $(LIBEVENT_LIBS)

UNIT_TESTS += tests/unit/test_limit
tests_unit_test_limit_SOURCES = tests/unit/test_limit.c
tests_unit_test_limit_LDADD = libalgateway.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_cli
tests_unit_test_cli_SOURCES = tests/unit/test_cli.c
tests_unit_test_cli_LDADD = libaldaemon.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_connectord_conf
tests_unit_test_connectord_conf_SOURCES = tests/unit/test_connectord_conf.c \
	tests/unit/example.h
tests_unit_test_connectord_conf_LDADD = libalconnectord.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_exit
tests_unit_test_exit_SOURCES = tests/unit/test_exit.c
tests_unit_test_exit_LDADD = libaldaemon.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_gateway_conf
tests_unit_test_gateway_conf_SOURCES = tests/unit/test_gateway_conf.c \
	tests/unit/example.h
tests_unit_test_gateway_conf_LDADD = libalgateway.la libaldaemon.la \
	$(UNIT_LDADD)

if HAVE_SYSTEMD
UNIT_TESTS += tests/unit/test_netmon
tests_unit_test_netmon_SOURCES = tests/unit/test_netmon.c tests/lib/helper.h
tests_unit_test_netmon_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

UNIT_TESTS += tests/unit/test_notify
tests_unit_test_notify_SOURCES = tests/unit/test_notify.c
tests_unit_test_notify_LDADD = libaldaemon.la $(UNIT_LDADD)
endif

UNIT_TESTS += tests/unit/test_ini
tests_unit_test_ini_SOURCES = tests/unit/test_ini.c tests/lib/guard.h
tests_unit_test_ini_LDADD = libaldaemon.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_process
tests_unit_test_process_SOURCES = tests/unit/test_process.c
tests_unit_test_process_LDADD = libaldaemon.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_secret
tests_unit_test_secret_SOURCES = tests/unit/test_secret.c tests/lib/guard.h
tests_unit_test_secret_LDADD = libaldaemon.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_signals
tests_unit_test_signals_SOURCES = tests/unit/test_signals.c
tests_unit_test_signals_LDADD = libaldaemon.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_state
tests_unit_test_state_SOURCES = tests/unit/test_state.c
tests_unit_test_state_LDADD = libalconnectord.la $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test_wake
tests_unit_test_wake_SOURCES = tests/unit/test_wake.c tests/lib/helper.h
tests_unit_test_wake_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

UNIT_TESTS += tests/unit/test_where
tests_unit_test_where_SOURCES = tests/unit/test_where.c
tests_unit_test_where_LDADD = libaldaemon.la $(UNIT_LDADD)

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
