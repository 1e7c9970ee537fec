#!/bin/sh
# The room a submission runs in: called in new mount, PID, IPC and network namespaces by sandbox.py.
#   HOMES=… HIDDEN=… sandbox.sh WORK USER PYTHON KEPT... -- PROGRAM...
# Inside, /tmp is all that can be written; homes and engines' sockets are not there.
set -eu
work=$1 user=$2 python=$3
shift 3
mount -t proc proc /proc

# First set aside what runs the kernel (Python, this package, the docker command): it may lie in /tmp or a home.
mount -t tmpfs -o size=1m,mode=755 tmpfs /mnt
mkdir /mnt/work
mount --bind "$work" /mnt/work
count=0
for kept in "$@"; do
  [ "$kept" != -- ] || break
  count=$((count + 1))
  mkdir "/mnt/$count"
  mount --rbind "$kept" "/mnt/$count"
done

mount -t tmpfs -o size=512m,mode=1777,nosuid,nodev tmpfs /tmp
[ ! -d /dev/shm ] || mount -t tmpfs -o size=64m,mode=1777,nosuid,nodev tmpfs /dev/shm
for file in /mnt/work/*; do
  inside=/tmp/${file##*/}
  if [ -S "$file" ]; then : > "$inside" && mount --bind "$file" "$inside"; else cp "$file" "$inside"; fi
done
umount /mnt/work

# Hide every home around what is kept.
for home in $HOMES; do
  [ ! -d "$home" ] || mount -t tmpfs -o size=1m,mode=755 tmpfs "$home"
done
count=0
while [ "$1" != -- ]; do
  count=$((count + 1))
  [ -d "$1" ] || mkdir -p "$1"
  mount --move "/mnt/$count" "$1"
  mount -o remount,bind,ro "$1"
  shift
done
shift
umount /mnt
for socket in /var/run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock; do
  [ ! -S "$socket" ] || mount --bind /dev/null "$socket"
done
mkdir /tmp/.hidden
# The answers are not for those who are asked.
for solutions in $HIDDEN; do mount --bind /tmp/.hidden "$solutions"; done

while read -r _ _ _ _ point _; do
  case $point in /tmp | /tmp/* | /dev/shm | /proc | /proc/* | /dev | /dev/*) ;; *)
    mount -o remount,bind,ro "$(printf '%b' "$point")" 2>/dev/null || : ;;
  esac
done < /proc/self/mountinfo

"$python" -ISc 'import fcntl, socket, struct
with socket.socket() as s: fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 1))'
cd /tmp
unset HIDDEN HOMES
if [ "$user" = 0 ]; then  # of a user namespace: nobody else is mapped
  exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
fi
exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all --reuid="$user" --regid="$user" --clear-groups "$@"
