#!/bin/bash
# Run in the box: boots a guest under KVM that counts on its console, saves its state, kills its
# hypervisor, starts another one on the same RAM file, and prints what the guest printed.
set -eu
dir=$(mktemp -d /tmp/kvm-guest.XXXXXX)
ram=/dev/shm/${dir##*/}
trap 'kill -9 $(jobs -p) 2>/dev/null; rm -rf "$dir" "$ram"' EXIT

mkdir -p "$dir/tree/bin"
cp /bin/busybox "$dir/tree/bin/"
cat >"$dir/tree/init" <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
clock=$($b cat /sys/devices/system/clocksource/clocksource0/current_clocksource)
boot=$($b cat /proc/sys/kernel/random/boot_id)
n=0
while :; do
  n=$((n + 1))
  echo "count $n clock $clock boot $boot"
  $b usleep 200000
done
INIT
chmod +x "$dir/tree/init"
(cd "$dir/tree" && find . | cpio -o -H newc --quiet) >"$dir/initramfs"
truncate -s 128M "$ram"

# hypervisor NAME OPTION...: with an RTC, since the kernel looks for a missing one for seconds.
hypervisor() {
  local name=$1
  shift
  qemu-system-x86_64 -M microvm,rtc=on,memory-backend=ram0 -accel kvm -cpu host -m 128M \
    -object "memory-backend-file,id=ram0,share=on,size=128M,mem-path=$ram" \
    -global migration.send-configuration=off -global migration.store-global-state=off \
    -nodefaults -no-user-config -vga none -display none -no-reboot \
    -kernel /boot/vmlinuz-* -initrd "$dir/initramfs" \
    -append 'console=ttyS0 quiet panic=-1 reboot=t' \
    -chardev "file,id=console,append=on,path=$dir/console" -serial chardev:console \
    -qmp "unix:$dir/$name.qmp,server=on,wait=off" "$@" </dev/null >&2 &
}
# qmp NAME COMMAND...: sends all, then prints the answers up to the COMMANDth.
qmp() {
  local name=$1 left=$(($# - 1)) line
  shift
  until [ -S "$dir/$name.qmp" ]; do sleep 0.1; done
  coproc QMP { socat - "UNIX:$dir/$name.qmp"; }
  printf '%s\n' '{"execute":"qmp_capabilities"}' "$@" >&"${QMP[1]}"
  while [ "$left" -ge 0 ] && read -r -t 20 line <&"${QMP[0]}"; do
    case $line in
      *'"error"'*) echo "$line" >&2; return 1 ;;
      *'"return"'*) left=$((left - 1)); echo "$line" ;;
    esac
  done
  kill "$QMP_PID"
  wait "$QMP_PID" || true
}
# await_count HYPERVISOR COUNT
await_count() {
  while kill -0 "$1" 2>/dev/null; do
    if grep -q "^count $2 " "$dir/console" 2>/dev/null; then return; fi
    sleep 0.2
  done
  echo "the guest did not count to $2; its console: $(tail -n 20 "$dir/console")" >&2
  exit 1
}

hypervisor first
first=$!
await_count "$first" 3
qmp first '{"execute":"query-kvm"}' |
  sed -n 's/.*"enabled": \([a-z]*\), "present": \([a-z]*\).*/kvm enabled=\1 present=\2/p'
save='{"execute":"xen-save-devices-state","arguments":{"filename":"'$dir/state'","live":false}}'
qmp first '{"execute":"stop"}' "$save" >&2
kill -9 "$first"
wait "$first" || true
counted=$(grep -c ^count "$dir/console")

hypervisor second -incoming defer
second=$!
qmp second '{"execute":"migrate-incoming","arguments":{"uri":"exec:cat '"$dir/state"'"}}' >&2
await_count "$second" $((counted + 5))
tr -d '\r' <"$dir/console" | grep ^count
