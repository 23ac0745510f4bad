#!/bin/bash
# First process of a lab host once its disks are there: mounts what a host has, the preserved region first, brings the
# network up, lets commands in and starts the services. /opt/tardigrade is the disk made by the lab:
#   host.env    what this host is called and where it is in the network
#   services    what is started, "NAME COMMAND..." a line; one that ends is started again, unless with status 2 (usage)
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/opt/jre/bin
export HOME=/root LANG=C.UTF-8 JAVA_HOME=/opt/jre
set -a
. /opt/tardigrade/host.env
set +a
mount -t proc proc /proc
# Where the kernel was told of another first process, as a crash kernel is, that one it is.
for word in $(</proc/cmdline); do case $word in init=*) exec "${word#init=}" ;; esac; done
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
state=/var/lib/tardigrade
region=$state/preserved
mkdir -p "$state/cache" "$region" /run/lab
say() { echo "lab: $*" >/dev/console; }

# A region that holds a file system is never formatted: it may hold guests. ext4 says so by the bytes 53 ef at 1080.
mount_region() {
  modprobe -a nd_pmem nd_e820
  local n=0
  until [ -b /dev/pmem0 ] || [ $((n += 1)) -gt 40 ]; do sleep 0.05; done
  if [ ! -b /dev/pmem0 ]; then
    say "the kernel shows no preserved memory; its command line: $(</proc/cmdline)"
    return
  fi
  if [ "$(od -An -tx1 -j1080 -N2 /dev/pmem0)" != ' 53 ef' ]; then
    mke2fs -q -t ext4 -b 4096 -E stride=512,stripe_width=512,lazy_itable_init=0 -m 0 /dev/pmem0
  fi
  mount -o dax=always,noatime /dev/pmem0 "$region" ||
    { e2fsck -p /dev/pmem0 && mount -o dax=always,noatime /dev/pmem0 "$region"; } ||
    say "the preserved memory cannot be mounted; it is left as it is"
}
case $(</proc/cmdline) in *memmap=*!*) mount_region ;; esac

hostname "$HOST_NAME"
modprobe -a virtio_net virtio_console
ip link set lo up
# One machine's bridge may send a broadcast back to where it came from: IPv6 would take its address for taken.
sysctl -q -w net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.eth0.disable_ipv6=1 net.ipv4.ip_forward=1 \
  kernel.printk='4 4 1 7'
ip address add "$HOST_ADDRESS" dev eth0
ip link set eth0 up
ip route add default via "$HOST_GATEWAY"
: >/etc/resolv.conf
for resolver in $HOST_RESOLVERS; do echo "nameserver $resolver" >>/etc/resolv.conf; done
printf '127.0.0.1 localhost\n%s %s\n' "${HOST_ADDRESS%/*}" "$HOST_NAME" >/etc/hosts
echo "$HOST_NAME" >/etc/hostname
[ ! -d /opt/tardigrade/kernel ] || ln -sfn /opt/tardigrade/kernel "$state/cache/kernel"
cd /root || exit 1
setsid /opt/tardigrade/native/tardigrade-lab-helper serve /dev/vport* >/dev/console 2>&1 &

modprobe -a kvm-amd tun bridge veth nf_tables nft_chain_nat nft_masq nft_ct
if [ -e /dev/kvm ]; then
  chown root:kvm /dev/kvm
  chmod 660 /dev/kvm
fi

keep_running() {
  local name=$1 code
  shift
  while :; do
    setsid "$@" >>"/var/log/$name.log" 2>&1 </dev/null
    code=$?
    [ $code != 2 ] || return
    say "service $name ended with status $code"
    sleep 1
  done
}
while read -r name command; do
  # shellcheck disable=SC2086
  case $name in '' | '#'*) ;; *) keep_running "$name" $command & ;; esac
done </opt/tardigrade/services

# The first process must not end, and bash reaps orphans while it waits. A shell for whoever looks at the console.
while :; do
  setsid -c bash -l </dev/ttyS0 >/dev/ttyS0 2>&1
  sleep 1
done
