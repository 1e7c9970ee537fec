#!/busybox sh
# PID 1 of an engine with a kernel of its own. The root is a folder that guest.py made, with mount points,
# /etc and the scripts; programs come from the engine bundle, dockerd's data from a disk image, the learner's
# folders from the host at their own paths. How each gets here differs between the rungs: /rung says it.
# A line on the console is an order of the supervisor.
/busybox mount -t proc proc /proc
. /guest.conf # bundle, shares, proxies
. /rung       # disk, wire, modules; mount_programs, mount_shares, end_machine (fall_asleep, wake_up)
mount_programs
export PATH=/run/bin:/usr/sbin:/usr/bin HOME=/root

mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs shm /dev/shm
# crun reads changed limits from /dev/stdin.
ln -sf /proc/self/fd /dev/fd
for stream in stdin:0 stdout:1 stderr:2; do ln -sf "/proc/self/fd/${stream#*:}" "/dev/${stream%:*}"; done
mount_shares

mount_disk() { mount -t ext4 -o noatime,discard,commit=1 $disk /dockerlab; }
mount_disk || { e2fsck -p $disk; mount_disk; } || { echo "dockerlab: the disk image cannot be mounted"; end_machine; }
# Should the machine or this kernel die, little is lost.
echo 100 > /proc/sys/vm/dirty_writeback_centisecs
echo 100 > /proc/sys/vm/dirty_expire_centisecs

modprobe -a overlay bridge br_netfilter veth $modules \
  xt_MASQUERADE xt_addrtype xt_conntrack xt_nat xt_tcpudp xt_cgroup ipt_REJECT
# Go's scheduler naps for 20 us at a time while anything runs; each nap is four changes of process here.
# What this shell starts inherits it: no sleep or timeout gets more exact than this.
echo 1000000 > /proc/$$/timerslack_ns
hostname dockerlab
echo 1 > /proc/sys/net/ipv4/ip_forward
ip link set lo up
ip addr add 192.168.127.2/24 dev $wire
ip link set $wire up
ip route add default via 192.168.127.1

# dockerd and what it starts for itself are apart from containers, which get their limits beside it.
mkdir /sys/fs/cgroup/engine
echo $$ > /sys/fs/cgroup/engine/cgroup.procs
sed 's/^/+/; s/ / +/g' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
# Containers reach neither the engine's API nor the gateway's own, which opens sockets of the host,
# nor the host's loopback, whichever network they are in.
iptables-restore << RULES
*filter
:DOCKER-USER -
-A INPUT ! -i $wire -p tcp --dport 2375 -j REJECT --reject-with tcp-reset
-A OUTPUT -d 192.168.127.1 -p tcp --dport 80 -m cgroup ! --path engine -j REJECT --reject-with tcp-reset
-A OUTPUT -d 192.168.127.254 -j REJECT
-A DOCKER-USER -d 192.168.127.1 -p tcp --dport 80 -j REJECT --reject-with tcp-reset
-A DOCKER-USER -d 192.168.127.254 -j REJECT
COMMIT
RULES

# /tmp is the host's, where not every rung can make the sockets that terminals need.
TMPDIR=/run dockerd --host tcp://192.168.127.2:2375 --tls=false --data-root /dockerlab --exec-root /run/docker \
  --pidfile /run/docker.pid --storage-driver overlay2 --add-runtime crun=/runtime --default-runtime crun \
  --exec-opt native.cgroupdriver=cgroupfs --ip6tables=false --userland-proxy-path /publish-port \
  --shutdown-timeout 3 --raw-logs --log-level warn < /dev/null > /dev/console 2>&1 &
daemon=$!
while read -r order argument; do
  case $order in
    stop) kill -TERM $daemon ;;
    sleep) fall_asleep && echo "dockerlab: asleep" ;;
    wake) wake_up "$argument" && echo "dockerlab: awake" ;;
  esac
done < /dev/console > /dev/console 2>&1 &
echo "dockerlab: dockerd starts"
# PID 1 must also reap the container shims that are handed to it; `wait` in sh does.
while kill -0 $daemon 2> /dev/null; do wait $daemon; done
umount /dockerlab || mount -o remount,ro /dockerlab
sync
end_machine
