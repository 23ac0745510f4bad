#!/bin/sh
# Makes the system disk of lab hosts without installing or mounting anything:
#   build-system.sh PACKAGES INITRAMFS_INIT JAVA_HOME DEBS OUT
# PACKAGES names Debian packages, one a line; DEBS keeps what was downloaded; OUT receives root.img (ext4), vmlinuz,
# initrd, release (of that kernel) and jre/. What is worth telling is written to stdout.
set -eu
packages=$1 init=$2 java_home=$3 debs=$4 out=$5
work=$out.work
trap 'rm -rf "$work"' EXIT
rm -rf "$work" "$out"
mkdir -p "$work/root" "$debs/partial" "$out"

ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 || apt-get -q -q update
# The newest kernel, and the one before it: what a host is reset into may be another.
newest=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
other=$(apt-cache search --names-only '^linux-image-[0-9.]+-[0-9]+-cloud-amd64$' | cut -d' ' -f1 |
  grep -vxF "$newest" | sort -V | tail -n 1)
[ -n "$newest" ] || { echo "Debian's package lists name no linux-image-cloud-amd64" >&2; exit 1; }

# An empty dpkg status makes apt resolve the whole closure, whatever this machine has installed.
: >"$work/status"
apt_for_host() {
  apt-get -q -q -y -o Dir::State::status="$work/status" -o Dir::Cache::archives="$debs" \
    -o APT::Sandbox::User=root --no-install-recommends "$@"
}
wanted="$(cat "$packages") $newest $other"
echo "fetching Debian packages"
# shellcheck disable=SC2086
apt_for_host --download-only install $wanted
# shellcheck disable=SC2086
apt_for_host --print-uris -o Dir::Cache::archives="$work" install $wanted | cut -d' ' -f2 >"$work/names"

root=$work/system
echo "unpacking $(wc -l <"$work/names") packages"
# Bookworm's /bin, /lib and /sbin are links into /usr, but its packages still carry them as folders.
for name in bin lib lib64 sbin; do
  mkdir -p "$root/usr/$name"
  ln -s "usr/$name" "$root/$name"
done
while read -r name; do
  dpkg-deb --fsys-tarfile "$debs/$name" |
    tar -x -C "$root" --keep-directory-symlink \
      --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' \
      --exclude='./usr/share/locale/*' --exclude='./usr/share/iso-codes/*' \
      --exclude='./usr/share/perl*' --exclude='./usr/lib/x86_64-linux-gnu/libperl*' \
      --exclude='./lib/modules/*/kernel/drivers/net/ethernet/*'
done <"$work/names"

# What the packages' maintainer scripts would have done, as far as a lab host needs it.
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
echo 'redis:x:107:107::/var/lib/redis:/usr/sbin/nologin' >>"$root/etc/passwd"
printf 'kvm:x:106:\nredis:x:107:\n' >>"$root/etc/group"
cp "$root/usr/share/libc-bin/nsswitch.conf" "$root/etc/nsswitch.conf"
ln -sf dash "$root/usr/bin/sh"
ln -sf mawk "$root/usr/bin/awk"
chroot "$root" /sbin/ldconfig

mkdir -p "$root/opt/tardigrade" "$root/usr/local/bin" "$root/usr/local/sbin"
ln -s /opt/tardigrade/bin/tardigrade "$root/usr/local/bin/tardigrade"
for way in reboot poweroff; do
  printf '#!/bin/sh\nsync\nmount -o remount,ro / 2>/dev/null\nexec busybox %s -f\n' $way >"$root/usr/local/sbin/$way"
done
chmod 755 "$root/usr/local/sbin/reboot" "$root/usr/local/sbin/poweroff"
home=$root/root
echo 'PS1="\h:\w# "' >"$home/.profile"

echo "making a Java runtime"
# The options are linked in, so that every JVM in the host has them, whoever starts it.
"$java_home/bin/jlink" --output "$root/opt/jre" \
  --add-modules java.base,java.instrument,java.logging,java.management,java.naming \
  --add-modules java.net.http,java.security.sasl,java.sql,java.xml,jdk.crypto.ec \
  --add-modules jdk.httpserver,jdk.jcmd,jdk.management,jdk.net,jdk.unsupported,jdk.zipfs \
  --add-options '-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData' \
  --strip-debug --no-man-pages --no-header-files --generate-cds-archive >"$work/jlink.log"
cp -a "$root/opt/jre" "$out/jre"

echo "making kernels, initial file systems and the disk"
# make_initrd RELEASE: busybox, the drivers of the disks in the order of insmod, and INITRAMFS_INIT.
make_initrd() {
  tree=$work/initrd-$1
  mkdir -p "$tree/bin" "$tree/dev" "$tree/modules" "$tree/system"
  cp "$root/bin/busybox" "$tree/bin/busybox"
  cp "$init" "$tree/init"
  chmod 755 "$tree/init"
  chroot "$root" /sbin/depmod -a "$1"
  for module in virtio_pci virtio_blk ext4; do
    chroot "$root" /sbin/modprobe -S "$1" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
  done | awk '!seen[$0]++' >"$work/order"
  while read -r module; do
    cp "$root$module" "$tree/modules/"
    basename "$module"
  done <"$work/order" >"$tree/modules/order"
  (cd "$tree" && find . | busybox cpio -o -H newc 2>/dev/null) >"$root/boot/initrd.img-$1"
}
for release in $(ls "$root/lib/modules"); do
  make_initrd "$release"
done
release=${newest#linux-image-}
echo "$release" >"$out/release"
cp "$root/boot/vmlinuz-$release" "$out/vmlinuz"
cp "$root/boot/initrd.img-$release" "$out/initrd"

truncate -s 4G "$out/root.img"
mke2fs -q -t ext4 -m 0 -L lab -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$out/root.img"
