/* tests/unit/test_pac_script.c - hosts, addresses and patterns of PAC files. */
#include "tests/unit/pac_call.h"

struct row {
	const char	*expr, *want;
};

/* What the functions of Firefox and Chromium give, run in Chromium's engine. */
static const struct row browsers[] = {
	/* PAC.md 4 */
	{ "dnsDomainIs('google.com', '.com')", "true" },
	{ "dnsDomainIs('www.adobe.com', '.ad')", "false" },
	{ "isInNet('192.89.132.25', '192.89.0.0', '255.255.0.0')", "true" },
	{ "isInNet('10.1.1.1', '10.0.0.0/8', '')", "false" },
	{ "isPlainHostName('google')", "true" },
	{ "isPlainHostName('.')", "false" },
	{ "isPlainHostName('::1')", "false" },
	{ "localHostOrDomainIs('www', 'www.google.com')", "true" },
	{ "localHostOrDomainIs('maps.google.com', 'www.google.com')", "false" },
	{ "shExpMatch('foo5.jpg', '*o?.jpg')", "true" },
	{ "shExpMatch('foo.jpg', '.jpg')", "false" },
	{ "shExpMatch('', '*')", "true" },
	/* dnsDomainIs: a plain suffix */
	{ "dnsDomainIs('google.co.uk', '.co.uk')", "true" },
	{ "dnsDomainIs('google.com', '.co.uk')", "false" },
	{ "dnsDomainIs('www.netscape.com', '.netscape.com')", "true" },
	{ "dnsDomainIs('www', '.netscape.com')", "false" },
	{ "dnsDomainIs('www.mcom.com', '.netscape.com')", "false" },
	{ "dnsDomainIs('notgoogle.com', 'google.com')", "true" },
	{ "dnsDomainIs('google.com', 'www.google.com')", "false" },
	{ "dnsDomainIs('GOOGLE.com', 'google.com')", "false" },
	{ "dnsDomainIs('google.com.', 'google.com')", "false" },
	{ "dnsDomainIs('google.com', 'google.com')", "true" },
	{ "dnsDomainIs('google.com', '')", "true" },
	{ "dnsDomainIs('', '')", "true" },
	{ "dnsDomainIs('', '.com')", "false" },
	{ "dnsDomainIs('\\0.com', '.com')", "true" },
	{ "dnsDomainIs('a.com\\0', '.com')", "false" },
	{ "dnsDomainIs('www.b\\u00fccher.example', 'b\\u00fccher.example')",
	    "true" },
	{ "dnsDomainIs('www.\\u00fccher.example', 'b\\u00fccher.example')",
	    "false" },
	{ "dnsDomainIs(5, '5')", "false" },
	{ "dnsDomainIs('5', 5)", "false" },
	{ "dnsDomainIs(true, 'true')", "false" },
	{ "dnsDomainIs()", "throw" },
	{ "dnsDomainIs('a.com')", "throw" },
	{ "dnsDomainIs(null, '.com')", "throw" },
	{ "dnsDomainIs('a.com', null)", "throw" },
	{ "dnsDomainIs('a.com', '.com', 'more')", "true" },
	/* dnsDomainLevels: dots */
	{ "dnsDomainLevels('www')", "0" },
	{ "dnsDomainLevels('www.google.com')", "2" },
	{ "dnsDomainLevels('192.168.1.1')", "3" },
	{ "dnsDomainLevels('')", "0" },
	{ "dnsDomainLevels('...')", "3" },
	{ "dnsDomainLevels('a\\0.b')", "1" },
	{ "dnsDomainLevels('b\\u00fccher.example')", "1" },
	{ "dnsDomainLevels()", "throw" },
	{ "dnsDomainLevels(null)", "throw" },
	{ "dnsDomainLevels(1.5)", "throw" },
	{ "dnsDomainLevels(false)", "throw" },
	/* isPlainHostName: Chromium's; Firefox takes any ':' for IPv6 */
	{ "isPlainHostName('google.com')", "false" },
	{ "isPlainHostName('192.168.1.1')", "false" },
	{ "isPlainHostName('.:')", "false" },
	{ "isPlainHostName('::192.186.1.1')", "false" },
	{ "isPlainHostName('2001:db8::1')", "false" },
	{ "isPlainHostName('foopy::1')", "true" },
	{ "isPlainHostName('foo:112')", "true" },
	{ "isPlainHostName(':')", "true" },
	{ "isPlainHostName('[:]')", "true" },
	{ "isPlainHostName('[::1]')", "true" },
	{ "isPlainHostName('::1\\0')", "true" },
	{ "isPlainHostName('')", "true" },
	{ "isPlainHostName('b\\u00fccher')", "true" },
	{ "isPlainHostName('1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:"
	    "bbbb:cccc')",
	    "true" },
	{ "isPlainHostName('foo', 'foo', 'foo')", "true" },
	{ "isPlainHostName()", "throw" },
	{ "isPlainHostName(null)", "throw" },
	{ "isPlainHostName(1)", "throw" },
	/* localHostOrDomainIs */
	{ "localHostOrDomainIs('www.google.com', 'www.google.com')", "true" },
	{ "localHostOrDomainIs('home.google.com', 'www.google.com')", "false" },
	{ "localHostOrDomainIs('ww', 'www.google.com')", "false" },
	{ "localHostOrDomainIs('www.google', 'www.google.com')", "true" },
	{ "localHostOrDomainIs('www', 'www')", "true" },
	{ "localHostOrDomainIs('WWW', 'www.google.com')", "false" },
	{ "localHostOrDomainIs('www.google.com', 'www')", "false" },
	{ "localHostOrDomainIs('', '')", "true" },
	{ "localHostOrDomainIs('', '.google.com')", "true" },
	{ "localHostOrDomainIs('', 'www.google.com')", "false" },
	{ "localHostOrDomainIs('b\\u00fc', 'b\\u00fc.example')", "true" },
	{ "localHostOrDomainIs('a\\0', 'a\\0.b')", "true" },
	{ "localHostOrDomainIs('a', 'a\\0.b')", "false" },
	{ "localHostOrDomainIs(5, '5')", "true" },
	{ "localHostOrDomainIs(5, '5.example')", "true" },
	{ "localHostOrDomainIs(1.5, '1.5.example')", "true" },
	{ "localHostOrDomainIs(5, '6.example')", "false" },
	{ "localHostOrDomainIs('5', 5)", "true" },
	{ "localHostOrDomainIs('www', 5)", "throw" },
	{ "localHostOrDomainIs(true, '1')", "true" },
	{ "localHostOrDomainIs(true, 'true.example')", "true" },
	{ "localHostOrDomainIs(null, 'null.example')", "true" },
	{ "localHostOrDomainIs(undefined, 'undefined.example')", "true" },
	{ "localHostOrDomainIs()", "true" },
	{ "localHostOrDomainIs(null)", "true" },
	{ "localHostOrDomainIs('www')", "throw" },
	{ "localHostOrDomainIs('www', null)", "throw" },
	/* isInNet: four decimal numbers, whatever the mask */
	{ "isInNet('192.89.132.25', '192.89.132.25', '255.255.255.255')",
	    "true" },
	{ "isInNet('193.89.132.25', '192.89.132.25', '255.255.255.255')",
	    "false" },
	{ "isInNet('193.89.132.25', '192.89.0.0', '255.255.0.0')", "false" },
	{ "isInNet('192.89.132.25', '192.89.132.7', '255.255.0.0')", "true" },
	{ "isInNet('1.2.3.4', '9.9.9.9', '0.0.0.0')", "true" },
	{ "isInNet('10.7.3.9', '10.0.3.0', '255.0.255.0')", "true" },
	{ "isInNet('10.7.4.9', '10.0.3.0', '255.0.255.0')", "false" },
	{ "isInNet('10.0.0.129', '10.0.0.1', '0.0.0.127')", "true" },
	{ "isInNet('010.001.1.1', '10.1.0.0', '255.255.0.0')", "true" },
	{ "isInNet('10.1.1.1', '010.1.0.0', '255.255.0.00')", "true" },
	{ "isInNet('192.89.132.a', '192.89.0.0', '255.255.0.0')", "false" },
	{ "isInNet('256.1.1.1', '0.0.0.0', '0.0.0.0')", "false" },
	{ "isInNet('10.1.1.1', '256.0.0.0', '0.0.0.0')", "false" },
	{ "isInNet('10.1.1.1', '10.0.0.0', '255.0.0.256')", "false" },
	{ "isInNet('10.1.1.1', '10.0.0', '255.0.0.0')", "false" },
	{ "isInNet('10.1.1.1', '10.0.0.0.0', '255.0.0.0')", "false" },
	{ "isInNet('10.1.1.1', '10.0.0.0', '8')", "false" },
	{ "isInNet('10.1.1.1', ' 10.0.0.0', '255.0.0.0')", "false" },
	{ "isInNet('10.1.1.1', '10.0.0.0\\n', '255.0.0.0')", "false" },
	{ "isInNet('10.1.1.1', '10.0.0.0\\0', '255.0.0.0')", "false" },
	{ "isInNet('10.1.1.1', '10.0.0.0000', '255.0.0.0')", "false" },
	{ "isInNet('10.1.1.1', '+10.0.0.0', '255.0.0.0')", "false" },
	{ "isInNet('10.1.1.1', '1\\u0660.0.0.0', '255.0.0.0')", "false" },
	{ "isInNet('10.1.1.1\\0', '10.0.0.0', '255.0.0.0')", "false" },
	{ "isInNet('::1', '10.0.0.0', '0.0.0.0')", "false" },
	{ "isInNet('a.example', '10.1.0.0', '255.255.0.0')", "true" },
	{ "isInNet('a.example', '10.2.0.0', '255.255.0.0')", "false" },
	{ "isInNet('both.example', '192.89.0.0', '255.255.0.0')", "true" },
	{ "isInNet('none.example', '0.0.0.0', '0.0.0.0')", "false" },
	{ "isInNet('v6.example', '0.0.0.0', '0.0.0.0')", "false" },
	{ "isInNet('', '0.0.0.0', '0.0.0.0')", "false" },
	{ "isInNet()", "false" },
	{ "isInNet('10.1.1.1')", "false" },
	{ "isInNet('10.1.1.1', '10.0.0.0')", "false" },
	{ "isInNet(null, '0.0.0.0', '0.0.0.0')", "false" },
	{ "isInNet(10, '0.0.0.0', '0.0.0.0')", "false" },
	{ "isInNet('10.1.1.1', null, null)", "false" },
	{ "isInNet('10.1.1.1', 10, 255)", "false" },
	/* isValidIpAddress, convert_addr: what isInNet is made of */
	{ "isValidIpAddress('1.2.3.4')", "true" },
	{ "isValidIpAddress('001.02.3.255')", "true" },
	{ "isValidIpAddress('1.2.3.256')", "false" },
	{ "isValidIpAddress('1.2.3')", "false" },
	{ "isValidIpAddress('1.2.3.4 ')", "false" },
	{ "isValidIpAddress('1.2.3.')", "false" },
	{ "isValidIpAddress('')", "false" },
	{ "isValidIpAddress()", "false" },
	{ "isValidIpAddress(null)", "false" },
	{ "isValidIpAddress(1)", "false" },
	{ "convert_addr('1.2.3.4')", "16909060" },
	{ "convert_addr('127.0.0.1')", "2130706433" },
	{ "convert_addr('128.0.0.0')", "-2147483648" },
	{ "convert_addr('255.255.255.255')", "-1" },
	{ "convert_addr('256.1.1.1')", "65793" },
	{ "convert_addr('10')", "167772160" },
	{ "convert_addr('10.1')", "167837696" },
	{ "convert_addr('10.1.1.1.9')", "167837953" },
	{ "convert_addr('')", "0" },
	{ "convert_addr('...1')", "1" },
	{ "convert_addr('a.b.c.d')", "0" },
	{ "convert_addr(' 1 .0x10.-1.1e1')", "17891082" },
	{ "convert_addr('0b11.0o17.1x.+5')", "51314693" },
	{ "convert_addr('1e300.Infinity.-Infinity.2')", "2" },
	{ "convert_addr('9007199254740993.4294967297.18446744073709551615.1')",
	    "65537" },
	{ "convert_addr('\\u00a07\\ufeff.0x.--1.1e')", "117440512" },
	{ "convert_addr('1.2\\0.3.4')", "16777988" },
	{ "convert_addr()", "throw" },
	{ "convert_addr(null)", "throw" },
	{ "convert_addr(10)", "throw" },
	/* dnsResolve, isResolvable: IPv4 only, null without one */
	{ "dnsResolve('a.example')", "'10.1.2.3'" },
	{ "dnsResolve('both.example')", "'192.89.3.4'" },
	{ "dnsResolve('v6.example')", "null" },
	{ "dnsResolve('none.example')", "null" },
	{ "dnsResolve('10.1.2.3')", "'10.1.2.3'" },
	{ "dnsResolve('::1')", "null" },
	{ "dnsResolve('')", "null" },
	{ "dnsResolve('a.example\\0')", "null" },
	{ "dnsResolve()", "null" },
	{ "dnsResolve(null)", "null" },
	{ "dnsResolve(127)", "null" },
	{ "dnsResolve('10.1.2.3', 'more')", "'10.1.2.3'" },
	{ "isResolvable('a.example')", "true" },
	{ "isResolvable('both.example')", "true" },
	{ "isResolvable('v6.example')", "false" },
	{ "isResolvable('none.example')", "false" },
	{ "isResolvable('10.1.2.3')", "true" },
	{ "isResolvable('')", "false" },
	{ "isResolvable()", "false" },
	{ "isResolvable(null)", "false" },
	{ "isResolvable(1)", "false" },
	/* shExpMatch, globs */
	{ "shExpMatch('foo.jpg', '*.jpg')", "true" },
	{ "shExpMatch('foo.jpg', 'foo')", "false" },
	{ "shExpMatch('foo.jpg', 'foo.jpg')", "true" },
	{ "shExpMatch('fooXjpg', 'foo.jpg')", "false" },
	{ "shExpMatch('FOO.jpg', 'foo.jpg')", "false" },
	{ "shExpMatch('', '')", "true" },
	{ "shExpMatch('', '?')", "false" },
	{ "shExpMatch('', '**')", "true" },
	{ "shExpMatch('a', '')", "false" },
	{ "shExpMatch('a', '?')", "true" },
	{ "shExpMatch('ab', '?')", "false" },
	{ "shExpMatch('ab', '?\?')", "true" },
	{ "shExpMatch('a', '*?')", "true" },
	{ "shExpMatch('a', '?*')", "true" },
	{ "shExpMatch('a', '*?*')", "true" },
	{ "shExpMatch('a', '?\?*')", "false" },
	{ "shExpMatch('abcabd', '*abd')", "true" },
	{ "shExpMatch('abcabd', 'a*a*d')", "true" },
	{ "shExpMatch('abcabd', 'a*c*c*d')", "false" },
	{ "shExpMatch('abab', '*ab*ab')", "true" },
	{ "shExpMatch('aba', '*ab*ab')", "false" },
	{ "shExpMatch('aab', '*a?')", "true" },
	{ "shExpMatch('http://home.netscape.com/people/ari/index.html', "
	    "'*/ari/*')",
	    "true" },
	{ "shExpMatch('http://home.netscape.com/people/montulli/index.html', "
	    "'*/ari/*')",
	    "false" },
	{ "shExpMatch('http://www.a.com:8080/x?y=1&z', "
	    "'http://*.a.com:*/x?y=*')",
	    "true" },
	{ "shExpMatch('a.com', '*.a.com')", "false" },
	{ "shExpMatch('x.a.com', '*.a.com')", "true" },
	{ "shExpMatch('.a.com', '*.a.com')", "true" },
	{ "shExpMatch('10.1.2.3', '10.*')", "true" },
	{ "shExpMatch('a-b_c~d', '?-?_?~?')", "true" },
	{ "shExpMatch('a\\nb', 'a*b')", "false" },
	{ "shExpMatch('a\\nb', 'a?b')", "false" },
	{ "shExpMatch('a\\nb', 'a\\nb')", "true" },
	{ "shExpMatch('a\\n', 'a')", "false" },
	{ "shExpMatch('x\\na\\nb', '*\\na\\nb')", "true" },
	{ "shExpMatch('xa\\ny a\\nb', '*a\\n*b')", "false" },
	{ "shExpMatch('a\\rb', '*b')", "false" },
	{ "shExpMatch('a\\u2028b', 'a*b')", "false" },
	{ "shExpMatch('a\\u2029b', 'a?b')", "false" },
	{ "shExpMatch('a\\u2027b', 'a?b')", "true" },
	{ "shExpMatch('a\\0b', 'a?b')", "true" },
	{ "shExpMatch('a\\0b', 'a\\0b')", "true" },
	{ "shExpMatch('a\\0b', 'a\\0')", "false" },
	{ "shExpMatch('a\\u00fcb', 'a?b')", "true" },
	{ "shExpMatch('a\\u00fcb', 'a?\?b')", "false" },
	{ "shExpMatch('\\u00fc\\u20ac', '?\?')", "true" },
	{ "shExpMatch('b\\u00fccher', '*\\u00fccher')", "true" },
	{ "shExpMatch('a\\u20acb', 'a*b')", "true" },
	{ "shExpMatch('\\u{1f600}', '*')", "true" },
	{ "shExpMatch('\\u{1f600}.com', '*.com')", "true" },
	{ "shExpMatch('\\u{1f600}.com', '\\u{1f600}.*')", "true" },
	{ "shExpMatch(5, '5')", "true" },
	{ "shExpMatch(10.5, '10?5')", "true" },
	{ "shExpMatch(null, 'n*l')", "true" },
	{ "shExpMatch(undefined, 'undefined')", "true" },
	{ "shExpMatch(true, 'true')", "true" },
	{ "shExpMatch()", "throw" },
	{ "shExpMatch('a')", "throw" },
	{ "shExpMatch('a', null)", "throw" },
	{ "shExpMatch('5', 5)", "throw" },
};

/* Chromium's own functions, beginning with its tests. */
static const struct row chromium[] = {
	/* PAC.md 4 */
	{ "sortIpAddressList('::2;::3;::1')", "'::1;::2;::3'" },
	{ "sortIpAddressList('192.168.1.1;0:0::1')", "'0:0::1;192.168.1.1'" },
	{ "sortIpAddressList('256.0.0.1')", "false" },
	{ "isInNetEx('198.95.1.1', '198.95.3.3/16')", "true" },
	{ "isInNetEx('3ffe:8311:ffff:abcd::1', '3ffe:8311:ffff::/48')",
	    "true" },
	/* sortIpAddressList: IPv6 first, equals stay in order */
	{ "sortIpAddressList('157.59.139.22;2001:4898:28:3:201:2ff:feea:fc14;"
	    "fe80::5efe:157:9d3b:8b16')",
	    "'2001:4898:28:3:201:2ff:feea:fc14;fe80::5efe:157:9d3b:8b16;"
	    "157.59.139.22'" },
	{ "sortIpAddressList('127.0.0.1')", "'127.0.0.1'" },
	{ "sortIpAddressList('::1')", "'::1'" },
	{ "sortIpAddressList('::1;192.168.1.3')", "'::1;192.168.1.3'" },
	{ "sortIpAddressList('0::1;::1;0:0::1')", "'0::1;::1;0:0::1'" },
	{ "sortIpAddressList('10.0.0.9;10.0.0.10;9.255.255.255')",
	    "'9.255.255.255;10.0.0.9;10.0.0.10'" },
	{ "sortIpAddressList('1.2.3.4;::ffff:1.2.3.4;::1.2.3.4')",
	    "'::1.2.3.4;::ffff:1.2.3.4;1.2.3.4'" },
	{ "sortIpAddressList('127.1;0x7f.0;2130706432;0177.0.0.0.')",
	    "'0x7f.0;2130706432;0177.0.0.0.;127.1'" },
	{ "sortIpAddressList(';127.0.0.1;')", "'127.0.0.1'" },
	{ "sortIpAddressList('192.168.0.1; 192.168.0.2')",
	    "'192.168.0.1;192.168.0.2'" },
	{ "sortIpAddressList('127.0.0.1;\t127.0.0.2;\t 127.0.0.0')",
	    "'127.0.0.0;127.0.0.1;127.0.0.2'" },
	{ "sortIpAddressList('1 0.0. 0.1')", "'10.0.0.1'" },
	{ "sortIpAddressList('10.0.0.1\\n')", "false" },
	{ "sortIpAddressList('10.0.0.1,10.0.0.2')", "false" },
	{ "sortIpAddressList('')", "false" },
	{ "sortIpAddressList(' ')", "false" },
	{ "sortIpAddressList(';')", "false" },
	{ "sortIpAddressList(' ;  ; ')", "false" },
	{ "sortIpAddressList('192.168.1.1;0:0:0:1;127.0.0.1')", "false" },
	{ "sortIpAddressList('[::1]')", "false" },
	{ "sortIpAddressList('fe80::1%eth0')", "false" },
	{ "sortIpAddressList('10.0.0.1;a.example')", "false" },
	{ "sortIpAddressList('10.0.0.1\\0')", "false" },
	{ "sortIpAddressList('10.0.0.\\u0661')", "false" },
	{ "sortIpAddressList()", "null" },
	{ "sortIpAddressList(null)", "null" },
	{ "sortIpAddressList(null, null)", "null" },
	{ "sortIpAddressList(10)", "null" },
	/* isInNetEx: one kind of address against the other */
	{ "isInNetEx('198.95.249.79', '198.95.249.79/32')", "true" },
	{ "isInNetEx('198.95.115.10', '198.95.0.0/16')", "true" },
	{ "isInNetEx('0:0:0:0:0:0:7f00:1', '0:0:0:0:0:0:7f00:1/32')", "true" },
	{ "isInNetEx('127.0.0.1', '0:0:0:0:0:0:7f00:1/16')", "true" },
	{ "isInNetEx('192.168.24.3', 'fe80:0:0:0:0:0:c0a8:1803/32')",
	    "false" },
	{ "isInNetEx('::ffff:192.168.100.5', '192.168.1.1/16')", "true" },
	{ "isInNetEx('::ffff:10.168.100.5', '192.168.1.1/16')", "false" },
	{ "isInNetEx('::fffe:192.168.100.5', '192.168.1.1/16')", "false" },
	{ "isInNetEx('::ffff:192.168.100.5', '::ffff:192.168.1.1/112')",
	    "true" },
	{ "isInNetEx('::ffff:10.168.100.5', '::ffff:192.168.1.1/112')",
	    "false" },
	{ "isInNetEx('192.168.1.1', '::ffff:192.168.1.1/112')", "true" },
	{ "isInNetEx('192.168.1.1', '::fffe:192.168.1.1/112')", "false" },
	{ "isInNetEx('10.168.1.1', '::ffff:192.168.1.1/112')", "false" },
	{ "isInNetEx('198.95.249.78', '198.95.249.79/32')", "false" },
	{ "isInNetEx('198.96.115.10', '198.95.0.0/16')", "false" },
	{ "isInNetEx('3fff:8311:ffff::1', '3ffe:8311:ffff::/48')", "false" },
	{ "isInNetEx('10.128.0.0', '10.128.0.0/9')", "true" },
	{ "isInNetEx('10.127.255.255', '10.128.0.0/9')", "false" },
	{ "isInNetEx('1.2.3.4', '9.9.9.9/0')", "true" },
	{ "isInNetEx('::1', '9.9.9.9/0')", "false" },
	{ "isInNetEx('1.2.3.4', '::/0')", "true" },
	{ "isInNetEx('::1', '::1/128')", "true" },
	{ "isInNetEx('127.1', '127.0.0.0/8')", "true" },
	{ "isInNetEx('10.1.1.1', ' 10.0.0.0 / 8 ')", "true" },
	{ "isInNetEx('10.1.1.1', '10.0.0.0/008')", "true" },
	{ "isInNetEx('256.0.0.1', '198.95.249.79')", "false" },
	{ "isInNetEx('127.0.0.1 ', '127.0.0.1/32')", "false" },
	{ "isInNetEx('198.95.115.10', '198.95.0.0/34')", "false" },
	{ "isInNetEx('::1', '::1/129')", "false" },
	{ "isInNetEx('127.0.0.1', '127.0.0.1')", "false" },
	{ "isInNetEx('10.1.1.1', '10.0.0.0/')", "false" },
	{ "isInNetEx('10.1.1.1', '10.0.0.0/-8')", "false" },
	{ "isInNetEx('10.1.1.1', '10.0.0.0/+8')", "false" },
	{ "isInNetEx('10.1.1.1', '10.0.0.0/8/8')", "false" },
	{ "isInNetEx('10.1.1.1', '10.0.0.0/4294967304')", "false" },
	{ "isInNetEx('10.1.1.1', '/8')", "false" },
	{ "isInNetEx('10.1.1.1', '10.0.0.0/8\\0')", "false" },
	{ "isInNetEx('a.example', '10.0.0.0/8')", "false" },
	{ "isInNetEx('', '10.0.0.0/8')", "false" },
	{ "isInNetEx('10.1.1.1', '')", "false" },
	{ "isInNetEx('10.1.1.\\u0661', '10.0.0.0/8')", "false" },
	{ "isInNetEx()", "null" },
	{ "isInNetEx(null)", "null" },
	{ "isInNetEx(null, null)", "null" },
	{ "isInNetEx('198.95.249.79')", "null" },
	{ "isInNetEx(10, '0.0.0.0/0')", "null" },
	/* the others; isResolvableEx calls what is no string resolvable */
	{ "dnsResolveEx('a.example')", "'10.1.2.3'" },
	{ "dnsResolveEx('both.example')", "'2001:db8::1;192.89.3.4;10.0.0.1'" },
	{ "dnsResolveEx('v6.example')", "'2001:db8::2'" },
	{ "dnsResolveEx('none.example')", "''" },
	{ "dnsResolveEx('10.1.2.3')", "'10.1.2.3'" },
	{ "dnsResolveEx('0:0::0001')", "'::1'" },
	{ "dnsResolveEx('')", "''" },
	{ "dnsResolveEx('a.example\\0')", "''" },
	{ "dnsResolveEx()", "undefined" },
	{ "dnsResolveEx(null)", "undefined" },
	{ "dnsResolveEx(127)", "undefined" },
	{ "isResolvableEx('a.example')", "true" },
	{ "isResolvableEx('v6.example')", "true" },
	{ "isResolvableEx('none.example')", "false" },
	{ "isResolvableEx('::1')", "true" },
	{ "isResolvableEx('')", "false" },
	{ "isResolvableEx()", "true" },
	{ "isResolvableEx(null)", "true" },
	{ "dnsResolve('wrong.example')", "null" },
	{ "getClientVersion()", "'1.0'" },
	{ "getClientVersion(1, 2)", "'1.0'" },
};

/* What is left to the engine. */
static const struct row regular[] = {
	{ "shExpMatch('a', '(*.a.com|a.com)')", "/^(.*\\.a\\.com|a\\.com)$/" },
	{ "shExpMatch('a', '[a-z]?')", "/^[a-z].$/" },
	{ "shExpMatch('a', 'a|b')", "/^a|b$/" },
	{ "shExpMatch('a', 'a+')", "/^a+$/" },
	{ "shExpMatch('a', '^a$')", "/^^a$$/" },
	{ "shExpMatch('a', 'a{1}')", "/^a{1}$/" },
	{ "shExpMatch('a', '(')", "/^($/" },
	{ "shExpMatch('a', '(?:a)')", "/^(.:a)$/" },
	/* half a character each */
	{ "shExpMatch('\\u{1f600}', '?\?')", "/^..$/" },
	{ "shExpMatch('\\u{1f600}', '*?')", "/^.*.$/" },
	{ "shExpMatch(5, '[0-9]')", "/^[0-9]$/" },
};

static void
run(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = call(rows[i].expr);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s, want %s", rows[i].expr, got,
			    rows[i].want);
	}
}

static void
as_browsers(void **state)
{
	(void)state;
	run(browsers, N(browsers));
}

static void
as_chromium(void **state)
{
	(void)state;
	run(chromium, N(chromium));
}

static void
regular_expressions(void **state)
{
	(void)state;
	run(regular, N(regular));
}

/* Each look-up is paid for: none for literals, none that can't succeed. */
static void
questions(void **state)
{
	static const struct row rows[] = {
		{ "dnsResolve('a.example')", "1:a.example " },
		{ "isResolvable('none.example')", "1:none.example " },
		{ "dnsResolveEx('a.example')", "2:a.example " },
		{ "isResolvableEx('a.example')", "2:a.example " },
		{ "isInNet('a.example', '10.0.0.0', '255.0.0.0')",
		    "1:a.example " },
		{ "isInNet('256.1.1.1', '10.0.0.0', '255.0.0.0')",
		    "1:256.1.1.1 " },
		{ "dnsResolve('b\\u00fccher')", "1:b\xc3\xbc" "cher " },
		{ "dnsResolve('A.Example.')", "1:A.Example. " },
		{ "dnsResolve('010.1.1.1')", "1:010.1.1.1 " },
		{ "myIpAddress()", "3: " }, { "myIpAddressEx()", "4: " },
		{ "myIpAddress('a.example')", "3: " },
		{ "isInNet('a.example', '10.0.0.0/8', '255.0.0.0')", "" },
		{ "isInNet('a.example', '10.0.0.0', '')", "" },
		{ "isInNet('10.1.1.1', '10.0.0.0', '255.0.0.0')", "" },
		{ "isInNetEx('a.example', '10.0.0.0/8')", "" },
		{ "dnsResolve('10.1.1.1')", "" }, { "dnsResolve('::1')", "" },
		{ "dnsResolveEx('::1')", "" }, { "isResolvableEx('::1')", "" },
		{ "dnsResolve('')", "" }, { "dnsResolveEx('')", "" },
		{ "dnsResolve('a\\0')", "" }, { "dnsResolve(null)", "" },
		{ "isResolvable()", "" }, { "isResolvableEx()", "" },
	};

	(void)state;
	outside.own = outside.own4 = "";
	for (size_t i = 0; i < N(rows); i++) {
		outside.asked[0] = '\0';
		(void)call(rows[i].expr);
		if (strcmp(outside.asked, rows[i].want) != 0)
			fail_msg("%s asks %s", rows[i].expr, outside.asked);
	}
}

static void
own_addresses(void **state)
{
	(void)state;
	outside.own4 = "192.168.7.7;10.0.0.7";
	outside.own = "fd00::7;192.168.7.7";
	assert_string_equal(call("myIpAddress()"), "'192.168.7.7'");
	assert_string_equal(call("myIpAddressEx()"), "'fd00::7;192.168.7.7'");
	outside.own4 = outside.own = "";
	assert_string_equal(call("myIpAddress()"), "'127.0.0.1'");
	assert_string_equal(call("myIpAddressEx()"), "''");
	outside.own4 = "fd00::7";	/* never IPv6 */
	assert_string_equal(call("myIpAddress()"), "'127.0.0.1'");
}

static void
alerts(void **state)
{
	(void)state;
	assert_string_equal(call("alert('hello', 'more')"), "undefined");
	assert_string_equal(call("alert('')"), "undefined");
	assert_string_equal(call("alert()"), "undefined");
	assert_string_equal(call("alert(null)"), "undefined");
	assert_string_equal(call("alert(undefined)"), "undefined");
	assert_string_equal(call("alert(1.5)"), "undefined");
	assert_string_equal(call("alert('\\u00fc')"), "undefined");
	assert_string_equal(outside.alerts, "5:hello 0: 9:undefined 4:null "
	    "9:undefined 3:1.5 2:\xc3\xbc ");
	outside.alerts[0] = '\0';
	(void)call("alert('\\0')");
	assert_string_equal(outside.alerts, "1: ");
}

/* Nothing but a long text of one letter. */
static struct al_value
letters(char *out, size_t len)
{
	memset(out, 'a', len);
	return (struct al_value){ .kind = AL_VALUE_STRING, .text = out,
	    .len = len };
}

static void
long_arguments(void **state)
{
	static char text[64 << 10];
	struct al_value args[AL_SCRIPT_ARGS_MAX];

	(void)state;
	for (size_t i = 0; i < N(args); i++)
		args[i] = letters(text, sizeof(text));
	outside.asked[0] = '\0';
	for (const struct al_script_function *f = al_script_functions;
	    f->name != NULL; f++)
		for (size_t n = 0; n <= N(args); n++)
			(void)call_function(f, args, n);
	assert_null(strchr(outside.asked, 'a'));
	assert_string_equal(call_function(function_of("dnsDomainIs", 11), args,
	    2), "true");
}

static void
limits(void **state)
{
	static char text[2 * AL_SCRIPT_TEXT_MAX];
	const struct al_script_function *resolve = function_of("dnsResolve",
	    10), *match = function_of("shExpMatch", 10), *sort =
	    function_of("sortIpAddressList", 17);
	struct al_value v[2] = { letters(text, AL_SCRIPT_NAME_MAX) };

	(void)state;
	outside.asked[0] = '\0';
	(void)call_function(resolve, v, 1);
	assert_int_equal(strlen(outside.asked), AL_SCRIPT_NAME_MAX + 3);
	outside.asked[0] = '\0';
	v[0].len++;
	(void)call_function(resolve, v, 1);
	assert_string_equal(outside.asked, "");

	/* "^", what becomes of the pattern, "$" */
	v[1] = letters(text, AL_SCRIPT_TEXT_MAX - 3);
	text[0] = '(';
	assert_int_equal(strlen(call_function(match, v, 2)),
	    AL_SCRIPT_TEXT_MAX - 1 + 2);
	memset(text + 1, '.', sizeof(text) - 1);
	assert_string_equal(call_function(match, v, 2), "throw");

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 == 0 ? (char)('9' - i / 2 % 10) : ';';
	v[0].len = AL_SCRIPT_TEXT_MAX;
	assert_memory_equal(call_function(sort, v, 1), "'0;0;0", 6);
	assert_memory_equal(call_function(sort, v, 1) + AL_SCRIPT_TEXT_MAX - 5,
	    "9;9;9'", 6);
	v[0].len += 2;
	assert_string_equal(call_function(sort, v, 1), "throw");
	memset(text + AL_SCRIPT_TEXT_MAX, ' ', AL_SCRIPT_TEXT_MAX);
	assert_string_not_equal(call_function(sort, v, 1), "throw");
}

/* What ends a regular expression's life: here it is a few million steps. */
static void
hard_globs(void **state)
{
	static char text[16 << 10], pattern[1 << 10];
	bool matches;

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	assert_true(al_script_glob(text, sizeof(text), pattern,
	    sizeof(pattern), &matches));
	assert_true(matches);
	pattern[sizeof(pattern) - 1] = 'b';
	assert_true(al_script_glob(text, sizeof(text), pattern,
	    sizeof(pattern), &matches));
	assert_false(matches);
	memset(pattern, 'a', sizeof(pattern));
	pattern[0] = pattern[sizeof(pattern) - 2] = '*';
	pattern[sizeof(pattern) - 1] = 'b';
	assert_true(al_script_glob(text, sizeof(text), pattern,
	    sizeof(pattern), &matches));
	assert_false(matches);
	memset(pattern, '*', sizeof(pattern));
	assert_true(al_script_glob(text, sizeof(text), pattern,
	    sizeof(pattern), &matches));
	assert_true(matches);
	memset(pattern, '?', sizeof(pattern));
	pattern[0] = '*';
	assert_true(al_script_glob(text, sizeof(text), pattern,
	    sizeof(pattern), &matches));
	assert_true(matches);
}

static void
many_globs(void **state)
{
	static const char url[] = "https://server1999.dept7.example.com/";
	size_t hits = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		char pattern[64];
		bool matches;
		int n = snprintf(pattern, sizeof(pattern),
		    "*://server%d.*.example.com/*", i);

		assert_true(al_script_glob(url, strlen(url), pattern,
		    (size_t)n, &matches));
		hits += matches;
	}
	assert_int_equal(hits, 1);
}

/* Each once, in order, so that a reader finds it. */
static void
table(void **state)
{
	const struct al_script_function *f = al_script_functions;

	(void)state;
	for (; f[1].name != NULL; f++)
		assert_true(strcmp(f[0].name, f[1].name) < 0);
	assert_int_equal(f + 1 - al_script_functions, 21);
	assert_null(f[1].fn);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_browsers), cmocka_unit_test(as_chromium),
		cmocka_unit_test(regular_expressions),
		cmocka_unit_test(questions), cmocka_unit_test(own_addresses),
		cmocka_unit_test(alerts), cmocka_unit_test(long_arguments),
		cmocka_unit_test(limits), cmocka_unit_test(hard_globs),
		cmocka_unit_test(many_globs), cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
