#!/bin/sh
# keeper.sh DIR COMMAND...: runs COMMAND and ends it when standard input does, that is, when the
# test's JVM ends by whatever cause; then repeats the end of the logs in DIR and removes DIR.
dir=$1
shift
trap '' INT TERM HUP
exec 3<&0
"$@" </dev/null >"$dir/qemu.log" 2>&1 3<&- &
command=$!
{ read -r _ <&3; kill -9 "$command"; } 2>/dev/null &
watch=$!
wait "$command"
code=$?
kill -9 "$watch" 2>/dev/null
for log in qemu.log console; do
  [ -f "$dir/$log" ] && grep -v 'support requested feature' "$dir/$log" | tail -c 4000
done 2>/dev/null
rm -rf -- "$dir"
exit "$code"
