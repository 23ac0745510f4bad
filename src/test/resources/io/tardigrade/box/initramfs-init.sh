#!/bin/busybox sh
# First process of the box: finds the system disk and hands over to box-init.sh.
b=/bin/busybox
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk
do
  $b insmod "/modules/$module.ko"
done
$b mount -t devtmpfs dev /dev
$b mount -t ext4 -o noatime /dev/vda /root || $b poweroff -f
$b cp /box-init.sh /root/sbin/box-init
$b cp /box.env /root/etc/box.env
$b umount /dev
exec $b switch_root /root /sbin/box-init
