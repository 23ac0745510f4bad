#!/bin/bash
# Init of the box: mounts what a host has, loads KVM, then serves commands on every virtio port
# (protocol: see BoxPort).
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/opt/jre/bin
export HOME=/root LANG=C.UTF-8 JAVA_HOME=/opt/jre
. /etc/box.env
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs -o mode=1777,size=75% tmpfs /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t cgroup2 cgroup /sys/fs/cgroup
ln -sf /proc/self/fd /dev/fd
for i in 0:stdin 1:stdout 2:stderr; do ln -sf "/proc/self/fd/${i%:*}" "/dev/${i#*:}"; done
[ -b /dev/vdb ] && mount -t ext4 -o ro /dev/vdb /opt/tardigrade
hostname box
ip link set lo up
sysctl -q -w net.ipv4.ip_forward=1 kernel.printk='4 4 1 7'
modprobe -a virtio_console kvm-amd tun bridge veth nf_tables nft_chain_nat nft_masq nft_ct
if [ -e /dev/kvm ]; then
  chown root:kvm /dev/kvm
  chmod 660 /dev/kvm
fi
mkdir -p /run/box

serve() {
  local dir=/run/box/$1 seconds script_bytes input_bytes code
  mkdir -p "$dir"
  exec 3<>"/dev/$1"
  echo ready >&3
  while read -r seconds script_bytes input_bytes <&3; do
    head -c "$script_bytes" <&3 >"$dir/script"
    head -c "$input_bytes" <&3 >"$dir/in"
    timeout -k 5 "$seconds" bash "$dir/script" <"$dir/in" >"$dir/out" 2>"$dir/err" 3<&-
    code=$?
    echo "$code $(stat -c %s "$dir/out") $(stat -c %s "$dir/err")" >&3
    cat "$dir/out" "$dir/err" >&3
    rm -f "$dir"/*
  done
}
cd /root || exit 1
for port in /sys/class/virtio-ports/*; do
  serve "${port##*/}" &
done
# The first process must not end, and bash reaps orphans while it waits.
while :; do
  sleep 3600 &
  wait -n
done
