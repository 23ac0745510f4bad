#!/bin/busybox sh
# First process of a lab host, the same after power-on, a warm reset, kexec and in a crash kernel: finds the two disks
# and hands over to host-init.
b=/bin/busybox
for module in $($b cat /modules/order); do
  $b insmod "/modules/$module"
done
$b mount -t devtmpfs dev /dev
$b mount -t ext4 -o noatime /dev/vda /system || $b poweroff -f
$b mount -t ext4 -o ro /dev/vdb /system/opt/tardigrade || $b poweroff -f
$b umount /dev
exec $b switch_root /system /opt/tardigrade/host-init
