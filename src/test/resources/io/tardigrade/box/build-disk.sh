#!/bin/sh
# Makes the box's system disk without installing or mounting anything:
#   build-disk.sh PACKAGES JAVA_HOME DEBS OUT
# PACKAGES names Debian packages, one a line; DEBS keeps what was downloaded;
# OUT receives root.img (ext4), vmlinuz, busybox and modules/ (for the initramfs).
set -eu
packages=$1 java_home=$2 debs=$3 out=$4
work=$out.work
trap 'rm -rf "$work"' EXIT
rm -rf "$work" "$out"
mkdir -p "$work/root" "$debs/partial" "$out/modules"

# An empty dpkg status makes apt resolve the whole closure, whatever this machine has installed.
ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 || apt-get -q -q update
: >"$work/status"
apt_in_box() {
  apt-get -q -q -y -o Dir::State::status="$work/status" -o Dir::Cache::archives="$debs" \
    -o APT::Sandbox::User=root --no-install-recommends "$@"
}
# shellcheck disable=SC2046
apt_in_box --download-only install $(cat "$packages")
# shellcheck disable=SC2046
apt_in_box --print-uris -o Dir::Cache::archives="$work" install $(cat "$packages") |
  cut -d' ' -f2 >"$work/names"

# Bookworm's /bin, /lib and /sbin are links into /usr, but its packages still carry them as folders.
for name in bin lib lib64 sbin; do
  mkdir -p "$work/root/usr/$name"
  ln -s "usr/$name" "$work/root/$name"
done
while read -r name; do
  dpkg-deb --fsys-tarfile "$debs/$name" |
    tar -x -C "$work/root" --keep-directory-symlink \
      --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' \
      --exclude='./usr/share/locale/*' --exclude='./usr/share/iso-codes/*' \
      --exclude='./usr/share/perl*' --exclude='./usr/lib/x86_64-linux-gnu/libperl*' \
      --exclude='./lib/modules/*/kernel/drivers/net/ethernet/*'
done <"$work/names"

# What the packages' maintainer scripts would have done, as far as the box needs it.
cp "$work/root/usr/share/base-passwd/passwd.master" "$work/root/etc/passwd"
cp "$work/root/usr/share/base-passwd/group.master" "$work/root/etc/group"
echo 'redis:x:107:107::/var/lib/redis:/usr/sbin/nologin' >>"$work/root/etc/passwd"
printf 'kvm:x:106:\nredis:x:107:\n' >>"$work/root/etc/group"
cp "$work/root/usr/share/libc-bin/nsswitch.conf" "$work/root/etc/nsswitch.conf"
ln -sf dash "$work/root/usr/bin/sh"
ln -sf mawk "$work/root/usr/bin/awk"
echo '127.0.0.1 localhost box' >"$work/root/etc/hosts"
echo box >"$work/root/etc/hostname"
chroot "$work/root" /sbin/ldconfig
kernel=$(ls "$work/root/lib/modules")
chroot "$work/root" /sbin/depmod -a "$kernel"

# The options are linked in, so that every JVM in the box has them, whoever starts it.
mkdir -p "$work/root/opt" "$work/root/opt/tardigrade"
"$java_home/bin/jlink" --output "$work/root/opt/jre" \
  --add-modules java.base,java.instrument,java.logging,java.management,java.naming \
  --add-modules java.net.http,java.security.sasl,java.sql,java.xml,jdk.crypto.ec \
  --add-modules jdk.httpserver,jdk.jcmd,jdk.management,jdk.net,jdk.unsupported,jdk.zipfs \
  --add-options '-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData' \
  --strip-debug --no-man-pages --no-header-files --generate-cds-archive >"$work/jlink.log"

cp "$work/root/bin/busybox" "$out/busybox"
cp "$work/root/boot/vmlinuz-$kernel" "$out/vmlinuz"
drivers=$work/root/lib/modules/$kernel/kernel/drivers
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci; do
  cp "$drivers/virtio/$module.ko" "$out/modules/"
done
cp "$drivers/block/virtio_blk.ko" "$out/modules/"

truncate -s 4G "$out/root.img"
mke2fs -q -t ext4 -m 0 -L box -E lazy_itable_init=1,lazy_journal_init=1 -d "$work/root" "$out/root.img"
