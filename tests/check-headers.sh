#!/bin/sh
# tests/check-headers.sh - each installed header compiles alone, in C and C++,
# and the library exports nothing but alpacon_*.
set -u
top=${top_srcdir:-$(dirname "$0")/..}
bad=0
n=0
for h in "$top"/connector/include/alpacon/*.h; do
	name=alpacon/$(basename "$h")
	for how in "${CC:-cc} -x c -std=c99" "${CXX:-c++} -x c++ -std=c++11"; do
		n=$((n + 1))
		if ! printf '#include <%s>\n' "$name" |
		    $how -Wall -Wextra -Werror -pedantic -fsyntax-only \
		    -I"$top/connector/include" -; then
			echo "$name: not complete for $how"
			bad=1
		fi
	done
done
lib=${top_builddir:-.}/.libs/libalpacon-connector.so
if [ -e "$lib" ]; then
	others=$(nm -D --defined-only "$lib" | awk '{print $NF}' |
	    grep -v -e '^alpacon_' -e '^ALPACON_1')
	if [ -n "$others" ]; then
		echo "exported and not alpacon_*: $others"
		bad=1
	fi
fi
echo "$n compilations"
exit $bad
