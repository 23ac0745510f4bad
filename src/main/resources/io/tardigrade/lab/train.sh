#!/bin/sh
# train.sh JRE PROGRAM PLACE CLASSPATH: loads and links the program's classes once, with everything where a lab host has
# it, and keeps the results in PROGRAM/*.aot for quick starts there. PLACE is an empty folder. Run in a mount
# namespace of its own, with which its mounts go.
set -eu
mkdir "$3/jre" "$3/tardigrade"
mount --bind "$1" "$3/jre"
mount --bind "$2" "$3/tardigrade"
mount --rbind "$3" /opt
train() {
  local cache=/opt/tardigrade/$1.aot
  shift
  /opt/jre/bin/java -XX:AOTCacheOutput="$cache" -Xlog:disable -Xmx256m -XX:+UseSerialGC \
    --enable-native-access=ALL-UNNAMED -cp "$classpath" "$@"
}
classpath=$4
train tardigrade io.tardigrade.cli.Main warm-up
train guardian io.tardigrade.guardian.WarmUp
