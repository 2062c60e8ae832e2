#!/usr/bin/env bash
# libfaketime from the system's packages; prints the path of its library, or nothing, with a line, where it cannot be had.
set -uo pipefail
find_library() { find /usr/lib /usr/local/lib -name libfaketimeMT.so.1 2>/dev/null | head -n 1; }
library=$(find_library)
if [ -z "$library" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get install -y libfaketime || { apt-get update && apt-get install -y libfaketime; }; } >&2
  library=$(find_library)
fi
[ -n "$library" ] || echo "CLOCKS OF PROCESSES NOT TESTED: libfaketime is not here and cannot be installed" >&2
echo "$library"
