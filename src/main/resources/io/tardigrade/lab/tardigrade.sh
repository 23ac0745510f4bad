#!/bin/sh
# The program under test, as ./tardigrade runs it from a clone.
[ -n "$CLASSPATH" ] || { set -a; . /opt/tardigrade/host.env; set +a; }
cache=/opt/tardigrade/tardigrade.aot
set -- io.tardigrade.cli.Main "$@"
[ ! -e $cache ] || set -- -XX:AOTCache=$cache -Xlog:disable "$@"
exec /opt/jre/bin/java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED "$@"
