#!/bin/sh
# train.sh JRE PROGRAM PLACE CLASSPATH: loads and links the program's classes once, with everything where a lab host has
# it, and keeps the result in PROGRAM/tardigrade.aot for quick starts there. PLACE is an empty folder. Run in a mount
# namespace of its own, with which its mounts go.
set -eu
mkdir "$3/jre" "$3/tardigrade"
mount --bind "$1" "$3/jre"
mount --bind "$2" "$3/tardigrade"
mount --rbind "$3" /opt
exec /opt/jre/bin/java -XX:AOTCacheOutput=/opt/tardigrade/tardigrade.aot -Xlog:disable -Xmx256m \
  --enable-native-access=ALL-UNNAMED -cp "$4" io.tardigrade.cli.Main warm-up
