#!/busybox sh
# PID 1 of the User-Mode Linux guest. Its root is a folder made by uml.py, with mount points, /etc and
# this script; programs come from the engine bundle, the learner's folders from the host at their own
# paths, dockerd's data from a disk image. A line on the console orders the guest to stop.
/busybox mount -t proc proc /proc
. /guest.conf # bundle, shares, proxies
mount -t hostfs -o "$bundle/usr" bundle /usr
export PATH=/usr/sbin:/usr/bin HOME=/root

mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 run /run
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs shm /dev/shm
# crun reads changed limits from /dev/stdin.
ln -sf /proc/self/fd /dev/fd
for stream in stdin:0 stdout:1 stderr:2; do ln -sf "/proc/self/fd/${stream#*:}" "/dev/${stream%:*}"; done
for folder in $shares; do mount -t hostfs -o "$folder" host "$folder"; done

disk() { mount -t ext4 -o noatime,discard,commit=1 /dev/ubda /dockerlab; }
disk || { e2fsck -p /dev/ubda; disk; } || { echo "dockerlab: the disk image cannot be mounted"; halt -f; }
# Should the machine or this kernel die, little is lost.
echo 100 > /proc/sys/vm/dirty_writeback_centisecs
echo 100 > /proc/sys/vm/dirty_expire_centisecs

mount --bind /usr/lib/uml/modules /usr/lib/modules
/usr/sbin/modprobe -a overlay bridge br_netfilter veth iptable_nat iptable_filter \
  xt_MASQUERADE xt_addrtype xt_conntrack xt_nat xt_tcpudp xt_cgroup ipt_REJECT
# Go's scheduler naps for 20 us at a time while anything runs; each nap is four changes of process here.
# What this shell starts inherits it: no sleep or timeout gets more exact than this.
echo 1000000 > /proc/$$/timerslack_ns
hostname dockerlab
echo 1 > /proc/sys/net/ipv4/ip_forward
ip link set lo up
ip addr add 192.168.127.2/24 dev vec0
ip link set vec0 up
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
-A INPUT ! -i vec0 -p tcp --dport 2375 -j REJECT --reject-with tcp-reset
-A OUTPUT -d 192.168.127.1 -p tcp --dport 80 -m cgroup ! --path engine -j REJECT --reject-with tcp-reset
-A OUTPUT -d 192.168.127.254 -j REJECT
-A DOCKER-USER -d 192.168.127.1 -p tcp --dport 80 -j REJECT --reject-with tcp-reset
-A DOCKER-USER -d 192.168.127.254 -j REJECT
COMMIT
RULES

dockerd --host tcp://192.168.127.2:2375 --tls=false --data-root /dockerlab --exec-root /run/docker \
  --pidfile /run/docker.pid --storage-driver overlay2 --add-runtime crun=/runtime --default-runtime crun \
  --exec-opt native.cgroupdriver=cgroupfs --ip6tables=false --userland-proxy-path /publish-port \
  --shutdown-timeout 3 --raw-logs --log-level warn < /dev/null > /dev/console 2>&1 &
daemon=$!
{
  read -r order
  kill -TERM $daemon
} < /dev/console &
echo "dockerlab: dockerd starts"
# PID 1 must also reap the container shims that are handed to it; `wait` in sh does.
while kill -0 $daemon 2> /dev/null; do wait $daemon; done
umount /dockerlab || mount -o remount,ro /dockerlab
sync
halt -f
