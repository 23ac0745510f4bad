#!/bin/sh
# First process of the crash kernel, in the memory that was set aside for it: keeps the log of the kernel that panicked
# and jumps into a full operating system, which resumes the guests. What it needs stands beside it, a line each:
#   kernel  initrd  command-line   what to boot
#   log                            where the log goes
# Whatever fails, the firmware restarts the host. Memory mostly outlives that too.
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
export PATH
here=${0%/*}
log_bytes_max=262144

[ -e /proc/cmdline ] || mount -t proc proc /proc
[ -e /sys/kernel ] || mount -t sysfs sysfs /sys
[ -c /dev/console ] || mount -t devtmpfs dev /dev
exec >/dev/console 2>&1

say() { echo "tardigrade: crash kernel: $*"; }

keep_log() {
  read -r log <"$here/log" || return
  timeout 20 vmcore-dmesg /proc/vmcore | tail -c $log_bytes_max >"$log.new"
  if [ -s "$log.new" ]; then
    mv "$log.new" "$log"
  else
    rm -f "$log.new"
    say "the log of the kernel that panicked cannot be read"
  fi
}

mount -o remount,rw /
[ ! -e /proc/vmcore ] || keep_log
if read -r kernel <"$here/kernel" && read -r initrd <"$here/initrd" && read -r arguments <"$here/command-line"; then
  kexec -s -l "$kernel" "--initrd=$initrd" "--command-line=$arguments"
  sync
  mount -o remount,ro /
  kexec -e
fi
say "cannot boot the next system; the firmware restarts the host"
sync
echo b >/proc/sysrq-trigger
sleep 60
